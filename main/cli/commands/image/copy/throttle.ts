import { systemClock, sleep, type Clock } from '../../../../../shared/clock.ts';

/** Keeps a copy below a rate, on average from its beginning. */
export class Throttle {
  readonly #bytesPerSecond: number;
  readonly #clock: Clock;
  readonly #start: number;
  #bytes = 0;

  /** @param bytesPerSecond 0 for no limit */
  constructor(bytesPerSecond: number, clock: Clock = systemClock) {
    this.#bytesPerSecond = bytesPerSecond;
    this.#clock = clock;
    this.#start = clock.now();
  }

  /** Waits until `bytes` more fit the rate. */
  async spend(bytes: number, signal: AbortSignal): Promise<void> {
    if (this.#bytesPerSecond === 0) return;
    this.#bytes += bytes;
    const due = this.#start + (this.#bytes / this.#bytesPerSecond) * 1000;
    const keepAlive = setInterval(() => {}, 1000);
    await sleep(this.#clock, due - this.#clock.now(), signal);
    clearInterval(keepAlive);
  }
}
