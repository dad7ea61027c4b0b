import type { Clock } from '../../../shared/clock.ts';

/** Rates are taken over this time. */
const WINDOW_MS = 10_000;
/** Samples closer together than this are one. */
const STEP_MS = 250;
/** An estimate needs this much history. */
const STEADY_MS = 3000;
/** How far the rates of both halves of the history may be apart, as a ratio, for an estimate to be worth showing. */
const STEADY_RATIO = 1.5;

interface Sample {
  readonly atMs: number;
  readonly settledBytes: number;
  readonly fetchedBytes: number;
}

/** How fast a job goes and when it will be done. All in bytes, bytes per second and milliseconds. */
export class Progress {
  readonly #clock: Clock;
  readonly #totalBytes: number;
  #samples: Sample[] = [];
  #fetchedBytes = 0;
  #settledBytes = 0;

  constructor(clock: Clock, totalBytes: number) {
    this.#clock = clock;
    this.#totalBytes = totalBytes;
  }

  /** Bytes the job has moved since it started. */
  get fetchedBytes(): number {
    return this.#fetchedBytes;
  }

  note(settledBytes: number, movedBytes: number): void {
    this.#settledBytes = settledBytes;
    this.#fetchedBytes += movedBytes;
    const atMs = this.#clock.now();
    const last = this.#samples.at(-1);
    if (last !== undefined && atMs - last.atMs < STEP_MS) return;
    this.#samples.push({ atMs, settledBytes, fetchedBytes: this.#fetchedBytes });
    while ((this.#samples[1]?.atMs ?? Infinity) <= atMs - WINDOW_MS) this.#samples.shift();
  }

  /** Forgets the history: after a pause it says nothing about what comes. */
  restart(): void {
    this.#samples = [];
  }

  /** Bytes per second that came in over the last ten seconds. */
  rate(): number {
    const first = this.#samples[0];
    return first === undefined ? 0 : perSecond(this.#fetchedBytes - first.fetchedBytes, this.#elapsed(first));
  }

  /** Milliseconds until all is settled at the present pace; null while the pace is not steady. */
  etaMs(): number | null {
    const first = this.#samples[0];
    const middle = this.#samples[this.#samples.length >> 1];
    if (first === undefined || middle === undefined || this.#elapsed(first) < STEADY_MS) return null;
    const early = perSecond(middle.settledBytes - first.settledBytes, middle.atMs - first.atMs);
    const late = perSecond(this.#settledBytes - middle.settledBytes, this.#elapsed(middle));
    if (early <= 0 || late <= 0 || Math.max(early / late, late / early) > STEADY_RATIO) return null;
    const pace = perSecond(this.#settledBytes - first.settledBytes, this.#elapsed(first));
    return ((this.#totalBytes - this.#settledBytes) / pace) * 1000;
  }

  #elapsed(since: Sample): number {
    return this.#clock.now() - since.atMs;
  }
}

function perSecond(bytes: number, durationMs: number): number {
  return durationMs > 0 ? (bytes / durationMs) * 1000 : 0;
}
