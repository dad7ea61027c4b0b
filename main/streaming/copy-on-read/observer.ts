import type { Failure } from '../../../shared/result.ts';
import type { Range } from '../../block/range.ts';
import type { GuestAccess } from '../order/guest-access.ts';

/** Guest reads that stand still because their data cannot be had. Times in milliseconds of the device's clock. */
export interface WaitingForData {
  readonly reads: number;
  readonly sinceMs: number;
  readonly nextTryMs: number;
  readonly failure: Failure;
}

/** Who wants to know what happens at a copy-on-read device. Called on the data path: return at once, never throw. */
export interface CopyOnReadObserver {
  /** Told when a request has been served. Feeds guest-led order and boot profiles. */
  guestAccess?(access: GuestAccess): void;
  /** Told at every change; null when nobody waits any more. */
  waitingForData?(state: WaitingForData | null): void;
  /** The guest got its data, but it could not be kept. */
  storeFailed?(range: Range, failure: Failure): void;
}
