import type { Clock } from '../../../shared/clock.ts';
import { bar } from './bar.ts';
import { formatBytes, formatDuration, formatRate } from './quantities.ts';

/** Before that the rate is a guess. */
const FIRST_RATE_MS = 1000;

/** How far work through a known number of bytes has come, in one line: how much, how fast, how much longer. */
export class TaskProgress {
  readonly #clock: Clock;
  readonly #totalBytes: number;
  readonly #startedMs: number;

  constructor(clock: Clock, totalBytes: number) {
    this.#clock = clock;
    this.#totalBytes = totalBytes;
    this.#startedMs = clock.now();
  }

  describe(fraction: number): string {
    const doneBytes = fraction * this.#totalBytes;
    const elapsedMs = this.#clock.now() - this.#startedMs;
    const parts = [
      `${bar(fraction)} ${Math.floor(fraction * 100)} %`,
      `${formatBytes(Math.round(doneBytes))} of ${formatBytes(this.#totalBytes)}`,
    ];
    if (elapsedMs >= FIRST_RATE_MS && fraction > 0) {
      parts.push(formatRate((doneBytes * 1000) / elapsedMs));
      if (fraction < 1) parts.push(`${formatDuration((elapsedMs * (1 - fraction)) / fraction)} left`);
    }
    return parts.join('  ');
  }
}
