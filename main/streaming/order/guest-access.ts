import type { Range } from '../../block/range.ts';

/** A request of the guest. */
export interface GuestAccess extends Range {
  readonly kind: 'read' | 'write';
  /** For reads: some of it was not local and had to come from the backing device. */
  readonly missed: boolean;
  /** For reads: how long the guest waited for the answer, in milliseconds. */
  readonly tookMs?: number | undefined;
}
