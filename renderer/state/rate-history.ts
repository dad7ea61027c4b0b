export interface RateSample {
  readonly atMs: number;
  /** Bytes per second. */
  readonly rate: number;
}

const SPACING_MS = 1000;
export const HISTORY_MS = 5 * 60 * 1000;

/** Rates of the last five minutes, one a second. */
export class RateHistory {
  readonly #samples: RateSample[] = [];

  add(atMs: number, rate: number): void {
    const last = this.#samples.at(-1);
    if (last && atMs - last.atMs < SPACING_MS) return;
    this.#samples.push({ atMs, rate });
    while ((this.#samples[0]?.atMs ?? atMs) < atMs - HISTORY_MS) this.#samples.shift();
  }

  get samples(): readonly RateSample[] {
    return this.#samples;
  }
}

export class RateHistories {
  readonly #histories = new Map<string, RateHistory>();

  add(id: string, atMs: number, rate: number): void {
    this.of(id).add(atMs, rate);
  }

  of(id: string): RateHistory {
    let history = this.#histories.get(id);
    if (!history) this.#histories.set(id, (history = new RateHistory()));
    return history;
  }

  forget(id: string): void {
    this.#histories.delete(id);
  }
}
