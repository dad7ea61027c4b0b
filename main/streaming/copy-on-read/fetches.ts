import type { Result } from '../../../shared/result.ts';
import { rangeEnd, type Range } from '../../block/range.ts';

/** Data on its way from the backing device, or arrived and not yet being stored. */
export interface Fetch extends Range {
  /** A guest read asked for it; otherwise it is a guess. */
  readonly demand: boolean;
  readonly data: Promise<Result<Uint8Array>>;
}

/**
 * The fetches of this device, so that a read which needs the same bytes joins instead of asking again. An entry lives
 * while its clusters are claimed and unpublished, so no guest write can have made its data stale.
 */
export class Fetches {
  readonly #fetches = new Set<Fetch>();

  add(fetch: Fetch): void {
    this.#fetches.add(fetch);
  }

  delete(fetch: Fetch): void {
    this.#fetches.delete(fetch);
  }

  at(offset: number): Fetch | null {
    for (const fetch of this.#fetches) {
      if (fetch.offset <= offset && offset < rangeEnd(fetch)) return fetch;
    }
    return null;
  }
}
