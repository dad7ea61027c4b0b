import { z } from 'zod';
import { plainText } from '../../../shared/plain-text.ts';
import { MIB } from '../../../shared/units.ts';

/** How much of somebody's image server is read. */
export const STREAM_LIMITS = {
  indexBytes: MIB,
  productsBytes: 8 * MIB,
  /** Files with products. */
  productFiles: 8,
  products: 5000,
} as const;

const text = plainText(200);

/** `streams/v1/index.json`: where the lists of products are. */
export const indexSchema = z.object({
  format: z.literal('index:1.0'),
  updated: text.optional(),
  index: z.record(
    z.string().max(200),
    z.object({ datatype: text.optional(), format: text.optional(), path: z.string().max(500) }),
  ),
});

/** What may be said at any level and counts for all below: of a file, product, version or item. */
const tags = {
  arch: text.optional(),
  os: text.optional(),
  release: text.optional(),
  release_title: text.optional(),
  version: text.optional(),
  variant: text.optional(),
};

/** A file of a version. What does not look as it should is left out later, one by one. */
export const itemSchema = z.object({
  ...tags,
  ftype: text,
  path: z.string().min(1).max(500),
  size: z.number().int().positive(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});

export const versionSchema = z.object({ ...tags, items: z.record(z.string().max(200), z.unknown()) });

export const productSchema = z.object({ ...tags, versions: z.record(z.string().max(100), z.unknown()) });

/** A list of products: images by operating system, release and processor, each in several versions. */
export const productsSchema = z.object({
  ...tags,
  format: z.literal('products:1.0'),
  products: z.record(z.string().max(300), z.unknown()),
});

export type Tags = Pick<z.infer<typeof itemSchema>, keyof typeof tags>;
