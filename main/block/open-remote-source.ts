import type { Result } from '../../shared/result.ts';
import { openHttpDevice } from './http/http-device.ts';
import { isNbdAddress } from './nbd/address.ts';
import { openNbdDevice } from './nbd/nbd-device.ts';
import type { RemoteSource, RemoteSourceOptions } from './remote/remote-source.ts';

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
