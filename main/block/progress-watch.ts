import type { Clock } from '../../shared/clock.ts';
import { KIB } from '../../shared/units.ts';

/**
 * A server that owes bytes sends at least this many in {@link LEAST_PROGRESS_WINDOW_MS}, or all that it owes. It is some
 * 70 bytes a second for each connection: eight of them share a modem's line of 9600 bit/s and still get twice that.
 */
export const LEAST_PROGRESS_BYTES = 4 * KIB;
export const LEAST_PROGRESS_WINDOW_MS = 60_000;

/**
 * Finds out that a server which owes an answer is not going to give it: it is silent, or sends a byte now and then,
 * which would hold whoever waits for ever. Works while it is between {@link start} and {@link stop}.
 */
export class ProgressWatch {
  readonly #clock: Clock;
  readonly #longestSilenceMs: number;
  readonly #giveUp: (why: string) => void;
  readonly #allowanceMs: () => number;
  #lastProgressMs = 0;
  #windowStartMs = 0;
  #windowBytes = 0;
  #cancel: () => void = () => {};

  /**
   * @param longestSilenceMs after which it is given up
   * @param giveUp called once, with what it did wrong; the watch has stopped then
   * @param allowanceMs how much longer it may take at present, for work of which nothing is heard until it is done
   */
  constructor(
    clock: Clock,
    longestSilenceMs: number,
    giveUp: (why: string) => void,
    allowanceMs: () => number = () => 0,
  ) {
    this.#clock = clock;
    this.#longestSilenceMs = longestSilenceMs;
    this.#giveUp = giveUp;
    this.#allowanceMs = allowanceMs;
  }

  /** When something came, or the watch was started. */
  get lastProgressMs(): number {
    return this.#lastProgressMs;
  }

  start(): void {
    this.stop();
    this.#lastProgressMs = this.#clock.now();
    this.restart();
    this.#look();
  }

  /** Something that was owed is there as a whole: what else is owed may take its time anew. */
  restart(): void {
    this.#windowStartMs = this.#lastProgressMs;
    this.#windowBytes = 0;
  }

  /** Only notes it: this is called for every read of a socket. */
  received(bytes: number): void {
    this.#lastProgressMs = this.#clock.now();
    this.#windowBytes += bytes;
  }

  stop(): void {
    this.#cancel();
    this.#cancel = () => {};
  }

  #look(): void {
    const allowanceMs = this.#allowanceMs();
    const silenceEndsMs = this.#lastProgressMs + this.#longestSilenceMs + allowanceMs;
    const windowEndsMs = this.#windowStartMs + LEAST_PROGRESS_WINDOW_MS + allowanceMs;
    const now = this.#clock.now();
    if (now >= silenceEndsMs) {
      return this.#end(`the server sent nothing for ${Math.round((now - this.#lastProgressMs) / 1000)} s`);
    }
    if (now >= windowEndsMs) {
      if (this.#windowBytes < LEAST_PROGRESS_BYTES) {
        const seconds = LEAST_PROGRESS_WINDOW_MS / 1000;
        return this.#end(`the server sent only ${this.#windowBytes} bytes in ${seconds} s`);
      }
      this.#windowStartMs = now;
      this.#windowBytes = 0;
      return this.#look();
    }
    // What is allowed may be less by then.
    const waitMs = Math.min(silenceEndsMs - now, windowEndsMs - now, this.#longestSilenceMs);
    this.#cancel = this.#clock.after(waitMs, () => this.#look());
  }

  #end(why: string): void {
    this.stop();
    this.#giveUp(why);
  }
}
