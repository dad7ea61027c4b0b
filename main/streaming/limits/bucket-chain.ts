import type { RateLimit } from './rate-limit.ts';

/** Limits that apply together, widest first: everything, this disk, this job. An empty chain limits nothing. */
export class BucketChain implements RateLimit {
  readonly #levels: readonly RateLimit[];

  constructor(levels: readonly RateLimit[]) {
    this.#levels = levels;
  }

  get bytesPerSecond(): number {
    const rates = this.#levels.map((level) => level.bytesPerSecond).filter((rate) => rate > 0);
    return rates.length === 0 ? 0 : Math.min(...rates);
  }

  take(bytes: number): number {
    for (const [index, level] of this.#levels.entries()) {
      const delayMs = level.take(bytes);
      if (delayMs > 0) {
        for (const taken of this.#levels.slice(0, index)) taken.refund(bytes);
        return delayMs;
      }
    }
    return 0;
  }

  debit(bytes: number): void {
    for (const level of this.#levels) level.debit(bytes);
  }

  refund(bytes: number): void {
    for (const level of this.#levels) level.refund(bytes);
  }

  demandBegan(): void {
    for (const level of this.#levels) level.demandBegan();
  }

  demandEnded(): void {
    for (const level of this.#levels) level.demandEnded();
  }

  quietMs(): number {
    return Math.min(...this.#levels.map((level) => level.quietMs()));
  }
}

export const UNLIMITED: RateLimit = new BucketChain([]);
