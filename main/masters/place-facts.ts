import type { Clock } from '../../shared/clock.ts';
import { ok, type Result } from '../../shared/result.ts';
import { isNbdAddress } from '../block/nbd/address.ts';
import { openRemoteSource } from '../block/open-remote-source.ts';
import type { Master } from '../catalog/tables/masters.ts';

/** What a master that nobody published is recognised by, and how long it is. */
export type PlaceFacts = Pick<
  Master,
  'source' | 'location' | 'format' | 'lengthBytes' | 'etag' | 'lastModified'
>;

/** What lies at an address: a raw disk, on a web server or an NBD server. */
export async function lookAtAddress(url: string, clock: Clock): Promise<Result<PlaceFacts>> {
  const device = await openRemoteSource(url, { clock, connections: 1 });
  if (!device.ok) return device;
  const { lengthBytes, identity } = device.value;
  await device.value.close();
  const { etag, lastModified } = identity;
  const source = isNbdAddress(url) ? 'nbd' : 'http';
  return ok({ source, location: url, format: 'raw', lengthBytes, etag, lastModified });
}
