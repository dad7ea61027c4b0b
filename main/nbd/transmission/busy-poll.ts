import type { Clock } from '../../../shared/clock.ts';

/** The next request is looked for so long, in milliseconds: a client that waits for each answer needs some tens of µs. */
const LONGEST_MS = 0.1;
/** Requests that came soon, less those that did not: from half of them on it is worth while. */
const MOST_POINTS = 16;

/**
 * Keeps the thread awake for a moment when a client has all its answers, if its next request usually comes that soon.
 * To put a processor to sleep and to wake it takes longer than to answer a request, in virtual machines above all;
 * QEMU's threads for disks poll for the same reason (`poll-max-ns`). A turn of the event loop looks at the sockets
 * without waiting as long as something is to be done in the next one: so nothing else that it has to do is late.
 */
export class BusyPoll {
  readonly #clock: Clock;
  readonly #nextTurn: (turn: () => void) => void;
  /** Since when the client has all its answers; null while it waits for one. */
  #idleSinceMs: number | null = null;
  #points = 0;
  #turning = false;

  /** @param nextTurn runs something in the next turn of the event loop */
  constructor(clock: Clock, nextTurn: (turn: () => void) => void = setImmediate) {
    this.#clock = clock;
    this.#nextTurn = nextTurn;
  }

  /** A request has come. */
  came(): void {
    if (this.#idleSinceMs === null) return;
    const soon = this.#isWithin(this.#idleSinceMs);
    this.#idleSinceMs = null;
    this.#points = soon ? Math.min(this.#points + 1, MOST_POINTS) : Math.max(this.#points - 1, 0);
  }

  /** Every request is answered. */
  idle(): void {
    this.#idleSinceMs = this.#clock.now();
    if (this.#turning || this.#points < MOST_POINTS / 2) return;
    this.#turning = true;
    this.#nextTurn(this.#turn);
  }

  /** No request comes any more. */
  stop(): void {
    this.#idleSinceMs = null;
  }

  readonly #turn = (): void => {
    this.#turning = this.#idleSinceMs !== null && this.#isWithin(this.#idleSinceMs);
    if (this.#turning) this.#nextTurn(this.#turn);
  };

  #isWithin(sinceMs: number): boolean {
    return this.#clock.now() - sinceMs <= LONGEST_MS;
  }
}
