import type { Failure } from '../../../shared/result.ts';
import type { Range } from '../../block/range.ts';
import type { WrongBytes } from '../../block/verified/mirror-set.ts';
import type { ClientChange } from '../../nbd/server.ts';
import type { BootEnd } from '../../streaming/order/boot-watch.ts';
import type { JobEvent } from '../../streaming/job/job-events.ts';

/** Guest reads that stand still because their source does not answer. */
export interface WaitingReads {
  readonly reads: number;
  readonly failure: Failure;
}

/** What a disk tells without being asked. */
export type DiskEvent =
  | { readonly kind: 'job'; readonly event: JobEvent }
  /** Null when the data is there. */
  | { readonly kind: 'waiting'; readonly waiting: WaitingReads | null }
  /** The guest has its data, but a copy could not be kept, or table entries could not be written yet. */
  | { readonly kind: 'store-failed'; readonly failure: Failure }
  /** A client of one of the disk's NBD services has come or gone. */
  | { readonly kind: 'nbd-clients'; readonly service: number; readonly change: ClientChange }
  /** A source of a published master sent bytes that are not the master's. They were not taken. */
  | { readonly kind: 'wrong-bytes'; readonly wrong: WrongBytes }
  /** The boot pack is here; or it is done without, and this is why. */
  | { readonly kind: 'boot-pack'; readonly failure: Failure | null }
  /** The guest has booted, and this is what it read for that, in order of first use. */
  | { readonly kind: 'boot-recorded'; readonly ranges: readonly Range[]; readonly end: BootEnd };
