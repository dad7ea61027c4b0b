import type { Clock } from '../../../shared/clock.ts';

/** The next request is looked for so long, in milliseconds: a client that waits for each answer needs some tens of µs. */
const LONGEST_MS = 0.05;
/** Requests that came soon, less those that did not: from half of them on it is worth while. */
const MOST_POINTS = 16;
/**
 * How long it is left alone once it has kept a client from its processor, in milliseconds. That happens now and then on a
 * machine that does nothing else, too: so not for long.
 */
const REST_MS = 1;

export interface BusyPollParts {
  readonly clock: Clock;
  /** True while other threads of ours want a processor. */
  readonly othersWork: () => boolean;
  /** Runs something in the next turn of the event loop. */
  readonly nextTurn?: (turn: () => void) => void;
}

/**
 * Keeps the thread awake for a moment when a client has all its answers, if its next request usually comes that soon.
 * To put a processor to sleep and to wake it takes longer than to answer a request, in virtual machines above all;
 * QEMU's threads for disks poll for the same reason (`poll-max-ns`). A turn of the event loop looks at the sockets
 * without waiting as long as something is to be done in the next one: so nothing else that it has to do is late.
 *
 * That takes a processor which nobody else needs. While a disk is being copied there is none to spare. And a request
 * that comes not while the thread is awake but as soon as it sleeps is from a client that had to share its processor with
 * it: the thread then sleeps at once for a while.
 */
export class BusyPoll {
  readonly #clock: Clock;
  readonly #othersWork: () => boolean;
  readonly #nextTurn: (turn: () => void) => void;
  /** Since when the client has all its answers; null while it waits for one. */
  #idleSinceMs: number | null = null;
  /** When the thread stopped waiting for a request in vain; null when it did not. */
  #gaveUpAtMs: number | null = null;
  #restUntilMs = -Infinity;
  #points = 0;
  #turning = false;

  constructor({ clock, othersWork, nextTurn = setImmediate }: BusyPollParts) {
    this.#clock = clock;
    this.#othersWork = othersWork;
    this.#nextTurn = nextTurn;
  }

  /** A request has come. */
  came(): void {
    if (this.#idleSinceMs === null) return;
    const soon = this.#isWithin(this.#idleSinceMs);
    if (this.#gaveUpAtMs !== null && this.#isWithin(this.#gaveUpAtMs))
      this.#restUntilMs = this.#clock.now() + REST_MS;
    this.#idleSinceMs = null;
    this.#gaveUpAtMs = null;
    this.#points = soon ? Math.min(this.#points + 1, MOST_POINTS) : Math.max(this.#points - 1, 0);
  }

  /** Every request is answered. */
  idle(): void {
    const nowMs = this.#clock.now();
    this.#idleSinceMs = nowMs;
    if (this.#turning || this.#points < MOST_POINTS / 2) return;
    if (nowMs < this.#restUntilMs || this.#othersWork()) return;
    this.#turning = true;
    this.#nextTurn(this.#turn);
  }

  /** No request comes any more. */
  stop(): void {
    this.#idleSinceMs = null;
  }

  readonly #turn = (): void => {
    const waits = this.#idleSinceMs !== null;
    const inTime = this.#idleSinceMs !== null && this.#isWithin(this.#idleSinceMs);
    this.#turning = inTime && !this.#othersWork();
    if (this.#turning) this.#nextTurn(this.#turn);
    else if (waits && !inTime) this.#gaveUpAtMs = this.#clock.now();
  };

  #isWithin(sinceMs: number): boolean {
    return this.#clock.now() - sinceMs <= LONGEST_MS;
  }
}
