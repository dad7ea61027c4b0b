import { MOST_FRAMES } from './layout.ts';

const STATE_BYTES = 4;
const NOTHING = 0;
const IN_USE = 1;
const GONE = 2;

/**
 * Which frames of a pack have been stored in its local file, in memory that threads share: one stores, all read. A
 * frame is marked after its bytes were written; whoever reads them checks their hash in any case.
 */
export class FrameFlags {
  readonly memory: SharedArrayBuffer;
  readonly #state: Int32Array;
  readonly #stored: Uint8Array;

  constructor(memory = new SharedArrayBuffer(STATE_BYTES + MOST_FRAMES)) {
    this.memory = memory;
    this.#state = new Int32Array(memory, 0, 1);
    this.#stored = new Uint8Array(memory, STATE_BYTES);
  }

  /** The local file has its head, and may be read. */
  get inUse(): boolean {
    return Atomics.load(this.#state, 0) === IN_USE;
  }

  /** The file must not be used any more. */
  get gone(): boolean {
    return Atomics.load(this.#state, 0) === GONE;
  }

  use(): void {
    Atomics.compareExchange(this.#state, 0, NOTHING, IN_USE);
  }

  giveUp(): void {
    Atomics.store(this.#state, 0, GONE);
  }

  isStored(frame: number): boolean {
    return Atomics.load(this.#stored, frame) === 1;
  }

  mark(frame: number, stored: boolean): void {
    Atomics.store(this.#stored, frame, stored ? 1 : 0);
  }
}
