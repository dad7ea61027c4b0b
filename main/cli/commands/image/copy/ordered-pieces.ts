import { DONE, err, ok, type Err, type Result } from '../../../../../shared/result.ts';
import type { Tool } from '../tool.ts';

/** Work goes on for this long before signals and timers get a turn. */
const TURN_MS = 30;

/** A stretch that is fetched and stored in one go. */
export interface Piece {
  readonly offset: number;
  readonly length: number;
  /** Known to be zero: there is nothing to fetch. */
  readonly zero: boolean;
}

export interface PieceWork {
  /** The next piece, or null at the end. */
  next(): Promise<Result<Piece | null>>;
  fetch(piece: Piece, buffer: Uint8Array): Promise<Result<void>>;
  /** Begun in the order of {@link next}; `data` is empty for zeroes. */
  store(piece: Piece, data: Uint8Array): Promise<Result<void>>;
}

export interface Side {
  /** How many pieces to fetch together: 1 from local sources, where more would only take memory. */
  readonly fetches: number;
  /** How many to store together: 1 in a file, so that a new image comes out contiguous whatever the network does. */
  readonly stores: number;
}

/** How many pieces are under way together. */
export interface AtOnce {
  /** 1 from local sources, where more would only take memory. */
  readonly fetches: number;
  /** 1 into a file, so that a new image comes out contiguous whatever the network does. */
  readonly stores: number;
}

/**
 * Fetches several pieces at once and begins to store them in order. Fails with `cancelled` when the user interrupts;
 * what was stored until then stays.
 */
export function copyPieces(
  work: PieceWork,
  atOnce: AtOnce,
  pieceBytes: number,
  tool: Tool,
): Promise<Result<void>> {
  return new PieceCopy(work, atOnce, pieceBytes, tool).run();
}

interface Fetch {
  readonly piece: Piece;
  readonly buffer: Uint8Array;
  readonly done: Promise<Result<void>>;
}

class PieceCopy {
  readonly #work: PieceWork;
  readonly #atOnce: AtOnce;
  readonly #tool: Tool;
  readonly #buffers: Uint8Array[];
  readonly #fetching: Fetch[] = [];
  readonly #storing = new Set<Promise<void>>();
  /** False after the last piece, and after a failure. */
  #more = true;
  #outcome: Result<void> = DONE;

  constructor(work: PieceWork, atOnce: AtOnce, pieceBytes: number, tool: Tool) {
    this.#work = work;
    this.#atOnce = atOnce;
    this.#tool = tool;
    const count = Math.max(atOnce.fetches, atOnce.stores);
    this.#buffers = Array.from({ length: count }, () => new Uint8Array(pieceBytes));
  }

  async run(): Promise<Result<void>> {
    const { fetches, stores } = this.#atOnce;
    let turnEnds = performance.now() + TURN_MS;
    for (;;) {
      const buffer = this.#more && this.#fetching.length < fetches ? this.#buffers.pop() : undefined;
      if (buffer !== undefined) {
        await this.#fetchNext(buffer);
        continue;
      }
      const oldest = this.#storing.size < stores ? this.#fetching.shift() : undefined;
      if (oldest !== undefined) {
        this.#begin(this.#store(oldest));
        if (stores > 1) continue;
      }
      if (this.#storing.size === 0) return this.#outcome;
      await Promise.race(this.#storing);
      if (performance.now() < turnEnds) continue;
      await new Promise((resolve) => setImmediate(resolve));
      turnEnds = performance.now() + TURN_MS;
    }
  }

  async #fetchNext(buffer: Uint8Array): Promise<void> {
    const piece = this.#tool.interrupted ? err('cancelled', 'interrupted') : await this.#work.next();
    if (piece.ok && piece.value !== null) {
      this.#fetching.push({ piece: piece.value, buffer, done: fetchPiece(this.#work, piece.value, buffer) });
      return;
    }
    this.#buffers.push(buffer);
    this.#more = false;
    if (!piece.ok) this.#end(piece);
  }

  #begin(store: Promise<void>): void {
    const stored: Promise<void> = store.then(() => void this.#storing.delete(stored));
    this.#storing.add(stored);
  }

  async #store({ piece, buffer, done }: Fetch): Promise<void> {
    const fetched = await done;
    const data = buffer.subarray(0, piece.zero ? 0 : piece.length);
    const stored = fetched.ok && this.#outcome.ok ? await this.#work.store(piece, data) : fetched;
    if (!stored.ok) this.#end(stored);
    this.#buffers.push(buffer);
  }

  /** Nothing further is begun; the first failure counts. */
  #end(failed: Err): void {
    this.#more = false;
    if (this.#outcome.ok) this.#outcome = failed;
  }
}

async function fetchPiece(work: PieceWork, piece: Piece, buffer: Uint8Array): Promise<Result<void>> {
  return piece.zero ? ok(undefined) : work.fetch(piece, buffer.subarray(0, piece.length));
}
