import type { Result } from '../../../shared/result.ts';

/** Verified blocks of hashes, the least recently used of which go first. Who asks for one on its way joins. */
export class BlockCache {
  readonly #mostBlocks: number;
  readonly #blocks = new Map<string, Buffer>();
  readonly #coming = new Map<string, Promise<Result<Buffer>>>();

  constructor(mostBlocks: number) {
    this.#mostBlocks = mostBlocks;
  }

  find(height: number, index: number): Buffer | null {
    const key = `${height}:${index}`;
    const block = this.#blocks.get(key);
    if (block === undefined) return null;
    this.#blocks.delete(key);
    this.#blocks.set(key, block);
    return block;
  }

  /** The block, fetched where it is not here; failures are not kept. */
  get(height: number, index: number, fetch: () => Promise<Result<Buffer>>): Promise<Result<Buffer>> {
    const key = `${height}:${index}`;
    const coming = this.#coming.get(key) ?? this.#bring(key, fetch);
    return coming;
  }

  #bring(key: string, fetch: () => Promise<Result<Buffer>>): Promise<Result<Buffer>> {
    const coming = fetch().then((block) => {
      this.#coming.delete(key);
      if (block.ok) this.#keep(key, block.value);
      return block;
    });
    this.#coming.set(key, coming);
    return coming;
  }

  #keep(key: string, block: Buffer): void {
    this.#blocks.set(key, block);
    for (const oldest of this.#blocks.keys()) {
      if (this.#blocks.size <= this.#mostBlocks) return;
      this.#blocks.delete(oldest);
    }
  }
}
