import type { Clock } from '../../shared/clock.ts';
import type { Result } from '../../shared/result.ts';
import type { BlockDevice } from './device.ts';
import { openHttpDevice } from './http/http-device.ts';
import type { SourceIdentity } from './http/source-identity.ts';
import { isNbdAddress } from './nbd/address.ts';
import { openNbdDevice } from './nbd/nbd-device.ts';

/** A device across a network. */
export interface RemoteSource extends BlockDevice {
  /** What the source was recognised by when it was opened. */
  readonly identity: SourceIdentity;
}

export interface RemoteSourceOptions {
  readonly clock: Clock;
  /** Most connections at once. */
  readonly connections?: number | undefined;
}

/** True for the addresses that {@link openRemoteSource} opens: `http:`, `https:`, `nbd:` and its kin. */
export function isRemoteAddress(location: string): boolean {
  return /^https?:\/\//i.test(location) || isNbdAddress(location);
}

/** Opens an address for reading. Fails as {@link openHttpDevice} and {@link openNbdDevice} do. */
export function openRemoteSource(
  location: string,
  options: RemoteSourceOptions,
): Promise<Result<RemoteSource>> {
  return isNbdAddress(location) ? openNbdDevice(location, options) : openHttpDevice(location, options);
}
