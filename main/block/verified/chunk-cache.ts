import type { Result } from '../../../shared/result.ts';

/**
 * Chunks of which a reader wanted a part: the neighbours of what it wants next. Few of them, least recently used first
 * to go; who asks for one on its way joins.
 */
export class ChunkCache {
  readonly #mostChunks: number;
  readonly #chunks = new Map<number, Promise<Result<Uint8Array>>>();

  constructor(mostChunks: number) {
    this.#mostChunks = mostChunks;
  }

  /** The chunk, fetched where it is not here; failures are not kept. */
  get(index: number, fetch: () => Promise<Result<Uint8Array>>): Promise<Result<Uint8Array>> {
    const chunk = this.#chunks.get(index) ?? fetch();
    this.#chunks.delete(index);
    this.#chunks.set(index, chunk);
    void chunk.then(({ ok }) => {
      if (!ok && this.#chunks.get(index) === chunk) this.#chunks.delete(index);
    });
    for (const oldest of this.#chunks.keys()) {
      if (this.#chunks.size <= this.#mostChunks) break;
      this.#chunks.delete(oldest);
    }
    return chunk;
  }
}
