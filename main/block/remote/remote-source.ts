import type { Clock } from '../../../shared/clock.ts';
import type { BlockDevice } from '../device.ts';
import type { SourceIdentity } from './source-identity.ts';

/** A device across a network. */
export interface RemoteSource extends BlockDevice {
  /** What the source was recognised by when it was opened. */
  readonly identity: SourceIdentity;
}

export interface RemoteSourceOptions {
  readonly clock: Clock;
  /** Most connections at once, see `connections.ts`. */
  readonly connections?: number | undefined;
}
