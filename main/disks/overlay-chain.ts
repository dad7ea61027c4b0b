import type { MessagePort } from 'node:worker_threads';
import { isFromServer } from '../../shared/ipc/catalog.ts';
import type { Tables } from '../catalog/catalog.ts';
import type { DiskRow } from '../catalog/tables/disks.ts';
import type { Master } from '../catalog/tables/masters.ts';
import type { ImageChain } from '../storage/chain/image-chain.ts';

/** The layer of a chain that is read through the thread that owns it. */
export interface ServedLayer {
  readonly masterId: string;
  readonly port: MessagePort;
}

/** A master with what lies behind it, as disks open it; null for none. @param masters topmost first */
export function masterChain(masters: readonly Master[], served?: ServedLayer): ImageChain | null {
  return masters.reduceRight<ImageChain | null>((backing, { id, location, format, ...known }) => {
    const { published, lengthBytes, etag, lastModified } = known;
    if (id === served?.masterId) return { location, format, backing, served: served.port };
    // The hashes say what it must be; tags and dates differ from source to source.
    if (published !== null) return { location, format, backing, published };
    return { location, format, backing, expected: { lengthBytes, etag, lastModified } };
  }, null);
}

/** What the catalog says lies behind a disk. Nothing that stands in an image is believed in this matter. */
export function mastersBehind({ masters }: Tables, disk: Pick<DiskRow, 'masterId'>): Master[] {
  return disk.masterId === null ? [] : masters.withParents(disk.masterId);
}

export function diskChain(path: string, masters: readonly Master[], served?: ServedLayer): ImageChain {
  return { location: path, format: 'qed', backing: masterChain(masters, served) };
}

/** What programs that speak QMP call a disk, and the job that fills it. */
export function deviceNameOf(diskId: string): string {
  return `disk-${diskId}`;
}

/** The copy behind a disk that is not complete yet: one thread fills it, and every other disk reads through that one. */
export function fillingCopy(masters: readonly Master[]): Master | null {
  return masters.find(({ role, parentId }) => role === 'copy' && parentId !== null) ?? null;
}

/** Whether anything behind the disk has to come over a network. What a copy has to fetch is the copy's business. */
export function isFarAway(masters: readonly Master[]): boolean {
  const copy = masters.findIndex(({ role }) => role === 'copy');
  const own = copy < 0 ? masters : masters.slice(0, copy);
  return own.some(({ source }) => isFromServer(source));
}
