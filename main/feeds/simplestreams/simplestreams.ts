import { z } from 'zod';
import { applianceDescriptionSchema } from '../../../shared/appliance.ts';
import { FEED_LIMITS } from '../../../shared/feed.ts';
import { plainText } from '../../../shared/plain-text.ts';
import { err, ok, type Result } from '../../../shared/result.ts';
import { isRemote } from '../../storage/chain/location.ts';
import { PACKINGS } from '../../storage/download/unpack.ts';
import { parseDocument } from '../document.ts';
import { fetchDocument } from '../fetch/document-source.ts';
import type { FetchParts } from '../fetch/document.ts';
import type { ImageAppliance, ListFormat, Listing } from '../listing.ts';
import { WorkSlices } from '../../../shared/work-slices.ts';
import { indexSchema, productsSchema, STREAM_LIMITS } from './documents.ts';
import { placeWithin } from './place-within.ts';
import { usableImages, type Images } from './usable-images.ts';

/** What is kept of an image server: a list of what can be used, made of megabytes that say much else. */
const copySchema = z.object({
  name: plainText(100).min(1),
  issuedMs: z.number().int(),
  unusable: z.number().int().nonnegative(),
  appliances: z
    .array(
      z.object({
        description: applianceDescriptionSchema,
        content: z.object({
          kind: z.literal('image'),
          location: z.string().max(3000),
          format: z.enum(['raw', 'qcow2']),
          lengthBytes: z.number().int().positive(),
          sha256: z.string().regex(/^[0-9a-f]{64}$/),
          // Copies of earlier versions do not say it.
          packing: z.enum(PACKINGS).default('none'),
        }),
      }),
    )
    .max(FEED_LIMITS.appliances),
});

/**
 * Image servers of LXD, Incus, Ubuntu and others: `streams/v1/index.json` and the lists it names. They are signed, if at
 * all, with keys of OpenPGP, which Headwater does not know: whoever controls the server decides what it lists. Images
 * are compared with their checksums when they have been fetched.
 */
export const simplestreams: ListFormat = {
  kind: 'simplestreams',

  async fetch(location, etag, parts) {
    const index = await fetchDocument(location, { mostBytes: STREAM_LIMITS.indexBytes, etag }, parts);
    if (!index.ok) return index;
    // The index tells when each list was updated: while it is the same, so are they.
    if (index.value.kind === 'unchanged') return ok({ kind: 'unchanged' });
    const parsed = parseDocument(index.value.bytes, indexSchema, 'the index of an image server');
    if (!parsed.ok) return parsed;
    const base = location.replace(/streams\/v1\/index\.json(\?.*)?$/, '');
    const images = await fetchImages(parsed.value, base, parts);
    if (!images.ok) return images;
    const { appliances, unusable } = images.value;
    const content: z.input<typeof copySchema> = {
      name: isRemote(location) ? new URL(location).host : base,
      issuedMs: Date.parse(parsed.value.updated ?? '') || 0,
      appliances: appliances.slice(0, FEED_LIMITS.appliances),
      unusable: unusable + Math.max(0, appliances.length - FEED_LIMITS.appliances),
    };
    const document = Buffer.from(JSON.stringify(content));
    return ok({ kind: 'whole', copy: { document, signature: null }, etag: index.value.etag });
  },

  async read({ document }, location) {
    const parsed = parseDocument(document, copySchema, 'a list of images');
    if (!parsed.ok) return parsed;
    const { name, issuedMs, unusable, appliances } = parsed.value;
    const listing: Listing = {
      feedId: location,
      name,
      key: null,
      serial: 0,
      issuedMs,
      expiresMs: null,
      appliances,
      unreadable: unusable,
    };
    return ok(listing);
  },

  judge: (copy, location, _known, _nowMs, slices) => simplestreams.read(copy, location, slices),
};

async function fetchImages(
  { index }: z.infer<typeof indexSchema>,
  base: string,
  parts: FetchParts,
): Promise<Result<Images>> {
  const lists = Object.values(index).filter(({ datatype }) => datatype === 'image-downloads');
  if (lists.length === 0) return err('unsupported', `'${base}' lists no images for download`);
  const found = new Map<string, ImageAppliance>();
  let unusable = 0;
  const slices = new WorkSlices(parts.clock);
  for (const { path } of lists.slice(0, STREAM_LIMITS.productFiles)) {
    const place = placeWithin(base, path);
    if (place === null) return err('malformed', `'${path.slice(0, 100)}' leads away from '${base}'`);
    const fetched = await fetchDocument(place, { mostBytes: STREAM_LIMITS.productsBytes }, parts);
    if (!fetched.ok) return fetched;
    if (fetched.value.kind === 'unchanged') return err('malformed', `'${place}' has no content`);
    const list = parseDocument(fetched.value.bytes, productsSchema, 'a list of products');
    if (!list.ok) return list;
    const images = await usableImages(list.value, base, slices);
    for (const image of images.appliances) found.set(image.description.id, image);
    unusable += images.unusable;
  }
  return ok({ appliances: [...found.values()], unusable });
}
