import type { Clock } from '../../../shared/clock.ts';

/** What one answered request tells of a mirror. */
export interface MirrorSample {
  readonly requestedBytes: number;
  readonly timeToFirstByteMs: number;
  readonly totalMs: number;
}

export type MirrorState =
  /** Nothing came from it yet. */
  | 'untried'
  | 'good'
  /** It failed, and is left alone for a while. */
  | 'resting'
  /** Its rest is over: one request will show whether it is well again. */
  | 'recovering';

/** How much of the estimate the latest sample is. */
const WEIGHT = 0.3;
const FIRST_REST_MS = 1000;
const LONGEST_REST_MS = 300_000;
/** Smaller answers say nothing about throughput. */
const TELLING_BYTES = 16 * 1024;
/** What is expected of a mirror nobody has tried, so that one known to be quick goes first. */
const UNTRIED_MS = 100;

/**
 * How well a mirror does: how soon it answers, how fast it sends, how often it fails in a row. After each failure it
 * rests twice as long, by a random factor around that, so that many readers who lost it together do not return
 * together; then a single request tries it again.
 */
export class MirrorHealth {
  readonly #clock: Clock;
  readonly #random: () => number;
  #firstByteMs: number | null = null;
  #msPerByte: number | null = null;
  #failures = 0;
  #hasServed = false;
  #restUntilMs = -Infinity;
  #running = 0;

  /** @param random evenly from 0 to 1 */
  constructor(clock: Clock, random: () => number) {
    this.#clock = clock;
    this.#random = random;
  }

  get state(): MirrorState {
    if (this.#failures > 0) return this.restMs > 0 ? 'resting' : 'recovering';
    return this.#hasServed || this.#firstByteMs !== null ? 'good' : 'untried';
  }

  /** How long it is still to be left alone. */
  get restMs(): number {
    return Math.max(0, this.#restUntilMs - this.#clock.now());
  }

  /** Requests under way. */
  get running(): number {
    return this.#running;
  }

  get firstByteMs(): number | null {
    return this.#firstByteMs;
  }

  get bytesPerSecond(): number | null {
    return this.#msPerByte === null ? null : 1000 / this.#msPerByte;
  }

  /** How long a request is likely to take, behind those that are under way. */
  expectedMs(bytes: number): number {
    const alone = (this.#firstByteMs ?? UNTRIED_MS) + (this.#msPerByte ?? 0) * bytes;
    return alone * (1 + this.#running / 4);
  }

  began(): void {
    this.#running++;
  }

  /** @param served it sent what was asked for, and that was right */
  ended(served: boolean): void {
    this.#running--;
    if (!served) return;
    this.#hasServed = true;
    this.#failures = 0;
  }

  note({ requestedBytes, timeToFirstByteMs, totalMs }: MirrorSample): void {
    this.#firstByteMs = average(this.#firstByteMs, timeToFirstByteMs);
    if (requestedBytes < TELLING_BYTES) return;
    this.#msPerByte = average(this.#msPerByte, Math.max(0, totalMs - timeToFirstByteMs) / requestedBytes);
  }

  /** @param severity failures that this one counts for: wrong bytes are worse than none */
  failed(severity: number, retryAfterMs = 0): void {
    // Requests under way together fail together: that is one failure.
    if (this.state === 'resting') return;
    this.#failures += severity;
    const doubled = Math.min(FIRST_REST_MS * 2 ** Math.min(this.#failures - 1, 30), LONGEST_REST_MS);
    const restMs = Math.max(doubled * (0.5 + this.#random()), retryAfterMs);
    this.#restUntilMs = this.#clock.now() + restMs;
  }
}

function average(before: number | null, now: number): number {
  return before === null ? now : before + WEIGHT * (now - before);
}
