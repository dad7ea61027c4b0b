import { createHash } from 'node:crypto';
import type { z } from 'zod';
import type { ApplianceDescription } from '../../../shared/appliance.ts';
import type { ListedAppliance, ListedImage } from '../listing.ts';
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

export type ListedImageAppliance = ListedAppliance & { readonly content: ListedImage };

export interface Images {
  readonly appliances: ListedImageAppliance[];
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
  const appliances: ListedImageAppliance[] = [];
  const products = Object.entries(list.products);
  for (const [id, product] of products.slice(0, STREAM_LIMITS.products)) {
    await slices.next();
    const image = newestImage(id, product, list, base);
    if (image !== null) appliances.push(image);
  }
  return { appliances, unusable: products.length - appliances.length };
}

function newestImage(id: string, content: unknown, list: Tags, base: string): ListedImageAppliance | null {
  const product = productSchema.safeParse(content);
  if (!product.success) return null;
  // Names of versions begin with their dates, so that the last one is the newest.
  for (const name of Object.keys(product.data.versions).sort().reverse()) {
    const version = versionSchema.safeParse(product.data.versions[name]);
    if (!version.success) continue;
    for (const candidate of Object.values(version.data.items)) {
      const item = itemSchema.safeParse(candidate);
      if (!item.success) continue;
      const tags = { ...list, ...defined(product.data), ...defined(version.data), ...defined(item.data) };
      const image = imageOf(id, name, item.data, tags, base);
      if (image !== null) return image;
    }
  }
  return null;
}

function imageOf(
  product: string,
  version: string,
  { ftype, path, size, sha256 }: z.infer<typeof itemSchema>,
  tags: Tags,
  base: string,
): ListedImageAppliance | null {
  const format = DISKS.find(([name]) => name.test(ftype))?.[1];
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
      loginHint: 'Made for clouds: it may have no user to log in as until cloud-init gives it one.',
    },
    content: { kind: 'image', location, format, lengthBytes: size, sha256 },
  };
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
