import { MIB } from '../../../shared/units.ts';

/** Requests of one client served at a time; more wait in its socket. */
const MOST_REQUESTS = 128;
/** Data of one client in memory, in bytes; a single request may exceed it. */
const MOST_HELD_BYTES = 4 * MIB;

/** How much of a client's is under way: bounds what it can make the server keep in memory. */
export class Flow {
  readonly #onEase: () => void;
  #running = 0;
  #heldBytes = 0;
  #freedBytes = 0;
  #waiting: (() => void)[] = [];

  /** @param onEase is told whenever there is less than before */
  constructor(onEase: () => void) {
    this.#onEase = onEase;
  }

  /** True when no request is under way. Answers may still be on their way to the socket. */
  get isIdle(): boolean {
    return this.#running === 0;
  }

  /** True when no further request is to be begun. */
  get isFull(): boolean {
    return this.#running >= MOST_REQUESTS || !this.#hasRoom;
  }

  get #hasRoom(): boolean {
    return this.#heldBytes < MOST_HELD_BYTES;
  }

  /** Counts a request until its work has ended. */
  run(work: Promise<void>): void {
    this.#running++;
    void work.then(() => {
      this.#running--;
      this.#onEase();
    });
  }

  /** What was given back so far, in bytes, while parts of requests wait for room; null while none does. */
  get freedWhileFull(): number | null {
    return this.#waiting.length > 0 ? this.#freedBytes : null;
  }

  hold(bytes: number): void {
    this.#heldBytes += bytes;
  }

  free(bytes: number): void {
    this.#heldBytes -= bytes;
    this.#freedBytes += bytes;
    for (const goOn of this.#waiting.splice(0)) goOn();
    this.#onEase();
  }

  /** Resolves when there is room for more data: for the parts of long requests. */
  async room(): Promise<void> {
    while (!this.#hasRoom) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }
}
