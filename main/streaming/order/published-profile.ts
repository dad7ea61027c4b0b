import type { Clock } from '../../../shared/clock.ts';
import type { Result } from '../../../shared/result.ts';
import type { Range } from '../../block/range.ts';
import { BootProfile } from './boot-profile.ts';
import type { OrderPolicy } from './order-policy.ts';

/** How long after a failure the profile is fetched again. */
const RETRY_MS = 5000;

/**
 * A boot profile that lies where the master lies. It is fetched when somebody first asks what to fetch; until it is
 * there, and where it cannot be had, others decide.
 */
export class PublishedProfile implements OrderPolicy {
  readonly name = 'published boot profile';
  readonly urgent = true;
  readonly #clock: Clock;
  readonly #fetch: () => Promise<Result<readonly Range[] | null>>;
  #profile: BootProfile | null = null;
  #fetching = false;
  #notBeforeMs = -Infinity;

  /** @param fetch null in its result for a master without a profile */
  constructor(clock: Clock, fetch: () => Promise<Result<readonly Range[] | null>>) {
    this.#clock = clock;
    this.#fetch = fetch;
  }

  next(): Range | null {
    if (this.#profile === null && !this.#fetching && this.#clock.now() >= this.#notBeforeMs)
      void this.#load();
    return this.#profile?.next() ?? null;
  }

  async #load(): Promise<void> {
    this.#fetching = true;
    const fetched = await this.#fetch();
    this.#fetching = false;
    if (fetched.ok) this.#profile = new BootProfile(fetched.value ?? []);
    else if (fetched.failure.code.startsWith('source-')) this.#notBeforeMs = this.#clock.now() + RETRY_MS;
    else this.#profile = new BootProfile([]);
  }
}
