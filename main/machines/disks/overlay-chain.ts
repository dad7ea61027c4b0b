import type { Tables } from '../../catalog/catalog.ts';
import type { DiskRow } from '../../catalog/tables/disks.ts';
import type { Master } from '../../catalog/tables/masters.ts';
import type { ImageChain } from '../../storage/chain/image-chain.ts';

/** A master with what lies behind it, as disks open it; null for none. @param masters topmost first */
export function masterChain(masters: readonly Master[]): ImageChain | null {
  return masters.reduceRight<ImageChain | null>((backing, { location, format, ...known }) => {
    const { published, lengthBytes, etag, lastModified } = known;
    // The hashes say what it must be; tags and dates differ from source to source.
    if (published !== null) return { location, format, backing, published };
    return { location, format, backing, expected: { lengthBytes, etag, lastModified } };
  }, null);
}

/** What the catalog says lies behind a disk. Nothing that stands in an image is believed in this matter. */
export function mastersBehind({ masters }: Tables, disk: Pick<DiskRow, 'masterId'>): Master[] {
  return disk.masterId === null ? [] : masters.withParents(disk.masterId);
}

export function diskChain(path: string, masters: readonly Master[]): ImageChain {
  return { location: path, format: 'qed', backing: masterChain(masters) };
}

/** Whether anything behind the disk has to come over a network. */
export function isFarAway(masters: readonly Master[]): boolean {
  return masters.some(({ source }) => source === 'http');
}
