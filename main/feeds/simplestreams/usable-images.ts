import { createHash } from 'node:crypto';
import type { z } from 'zod';
import type { ApplianceDescription } from '../../../shared/appliance.ts';
import { PACKINGS, type Packing } from '../../storage/download/unpack.ts';
import type { ImageAppliance, ListedImage } from '../listing.ts';
import type { WorkSlices } from '../../../shared/work-slices.ts';
import {
  itemSchema,
  productSchema,
  STREAM_LIMITS,
  versionSchema,
  type productsSchema,
  type Tags,
} from './documents.ts';
import { placeWithin } from './place-within.ts';

/** How names end of what is compressed. */
const ENDINGS: Readonly<Record<string, Packing>> = { gz: 'gzip', zst: 'zstd', xz: 'xz' };

/** What servers call disk images, and the format that each name stands for. Contents are never probed. */
const DISKS: readonly (readonly [name: RegExp, format: ListedImage['format']])[] = [
  [/(^|\.)qcow2$/, 'qcow2'],
  [/^(disk-kvm|disk1|disk|uefi1)\.img$/, 'qcow2'],
  [/(^|\.)raw$/, 'raw'],
];

const PROCESSORS: Readonly<Record<string, ApplianceDescription['arch']>> = {
  amd64: 'x86_64',
  x86_64: 'x86_64',
  i386: 'i386',
  i686: 'i386',
  arm64: 'aarch64',
  aarch64: 'aarch64',
};

const MEMORY_MIB = { i386: 256, x86_64: 1024, aarch64: 1024 } as const;

export interface Images {
  readonly appliances: ImageAppliance[];
  /** Products without a disk image that can be used here: containers, other processors, other formats. */
  readonly unusable: number;
}

/**
 * The newest usable disk image of every product: raw or qcow2, with a SHA-256, for a processor that machines have here.
 * @param base the folder that paths begin at
 */
export async function usableImages(
  list: z.infer<typeof productsSchema>,
  base: string,
  slices: WorkSlices,
): Promise<Images> {
  const appliances: ImageAppliance[] = [];
  const products = Object.entries(list.products);
  for (const [id, product] of products.slice(0, STREAM_LIMITS.products)) {
    await slices.next();
    const image = newestImage(id, product, list, base);
    if (image !== null) appliances.push(image);
  }
  return { appliances, unusable: products.length - appliances.length };
}

function newestImage(id: string, content: unknown, list: Tags, base: string): ImageAppliance | null {
  const product = productSchema.safeParse(content);
  if (!product.success) return null;
  // Names of versions begin with their dates, so that the last one is the newest.
  for (const name of Object.keys(product.data.versions).sort().reverse()) {
    const version = versionSchema.safeParse(product.data.versions[name]);
    if (!version.success) continue;
    const images = Object.values(version.data.items).flatMap((candidate) => {
      const item = itemSchema.safeParse(candidate);
      if (!item.success) return [];
      const tags = { ...list, ...defined(product.data), ...defined(version.data), ...defined(item.data) };
      return imageOf(id, name, item.data, tags, base) ?? [];
    });
    // What needs no unpacking first: others may be such that nobody here can unpack.
    const effort = ({ content: { packing } }: ImageAppliance) => PACKINGS.indexOf(packing);
    const [image] = images.sort((a, b) => effort(a) - effort(b));
    if (image !== undefined) return image;
  }
  return null;
}

function imageOf(
  product: string,
  version: string,
  { ftype, path, size, sha256 }: z.infer<typeof itemSchema>,
  tags: Tags,
  base: string,
): ImageAppliance | null {
  const { name, packing } = unpackedName(ftype);
  const format = DISKS.find(([disk]) => disk.test(name))?.[1];
  const arch = PROCESSORS[tags.arch ?? ''];
  const location = placeWithin(base, path);
  if (format === undefined || arch === undefined || location === null) return null;
  return {
    description: {
      formatVersion: 1,
      id: idOf(product),
      name: nameOf(product, tags),
      summary: `${product}, as ${ftype}`.slice(0, 500),
      publisher: '',
      version: version.slice(0, 50),
      arch,
      licence: '',
      memoryMiB: MEMORY_MIB[arch],
      diskSizeBytes: size,
      // What is built in cannot give it the disk that lets anybody in.
      backEnds: ['qemu', 'v86'],
      cloudInit: true,
    },
    content: { kind: 'image', location, format, packing, lengthBytes: size, sha256 },
  };
}

function unpackedName(ftype: string): { name: string; packing: Packing } {
  const ending = /\.([a-z]+)$/.exec(ftype)?.[1] ?? '';
  const packing = ENDINGS[ending];
  return packing === undefined
    ? { name: ftype, packing: 'none' }
    : { name: ftype.slice(0, -ending.length - 1), packing };
}

function nameOf(product: string, { os, release, release_title: title, version, variant }: Tags): string {
  const words = [os, title ?? version ?? release, variant === 'default' ? undefined : variant];
  const name = words.filter((word) => word !== undefined && word !== '').join(' ');
  return (name === '' ? product : name).slice(0, 100);
}

/** Names of products have any letters: what is left of them for people, and a hash for what is not. */
function idOf(product: string): string {
  const words = product
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '');
  return `${words.slice(-27).replace(/^-+/, '')}-${createHash('sha256').update(product).digest('hex').slice(0, 12)}`.replace(
    /^-/,
    '',
  );
}

function defined(tags: Tags): Tags {
  return Object.fromEntries(Object.entries(tags).filter(([, value]) => value !== undefined));
}
