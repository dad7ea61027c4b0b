import type { Range } from '../../block/range.ts';

/**
 * A wish about what to fetch first. Policies are asked in the order of a list; when none has a wish, the planner
 * sweeps the device in ascending order, which is what guarantees completion. So a policy may name anything, in any
 * order, twice or never, without looking at what is local already.
 */
export interface OrderPolicy {
  readonly name: string;
  /**
   * True when a guest is likely to wait for these bytes soon: they are fetched alongside guest reads. Otherwise they
   * wait until the guest has been quiet for a moment.
   */
  readonly urgent: boolean;
  /** The next stretch worth completing; null when there is no wish at present. Each is looked at once. */
  next(): Range | null;
}
