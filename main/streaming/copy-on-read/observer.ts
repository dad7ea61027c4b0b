import type { Failure } from '../../../shared/result.ts';
import type { Range } from '../../block/range.ts';

/** A request of the guest. */
export interface GuestAccess extends Range {
  readonly kind: 'read' | 'write';
  /** For reads: some of it was not local and had to come from the backing device. */
  readonly missed: boolean;
  /** For reads: how long the guest waited for the answer, in milliseconds. */
  readonly tookMs?: number | undefined;
}

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
