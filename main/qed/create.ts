import { DONE, err, ok, type Result } from '../../shared/result.ts';
import { alignUp, SECTOR_BYTES } from '../../shared/units.ts';
import type { BlockFile } from '../block/file.ts';
import type { Range } from '../block/range.ts';
import { CONTENT_STAMP_BYTES, encodeContentStamp, type ContentStamp } from './content-stamp.ts';
import {
  AUTOCLEAR_FEATURE,
  COMPAT_FEATURE,
  DEFAULT_CLUSTER_BYTES,
  DEFAULT_TABLE_CLUSTERS,
  ENTRY_BYTES,
  FEATURE,
  HEADER_BYTES,
} from './format.ts';
import { geometryOf, l1EntriesUsed } from './geometry.ts';
import { encodeBackingName, type BackingReference } from './header-record.ts';
import { clusterSizeProblem, encodeHeader, tableSizeProblem } from './header.ts';

/** The largest size that is a safe integer and a multiple of 512. */
const MAX_ROUNDED_SIZE = Number.MAX_SAFE_INTEGER - (SECTOR_BYTES - 1);

export interface CreateOptions {
  /** Guest size in bytes; rounded up to a multiple of 512. */
  readonly imageBytes: number;
  readonly clusterBytes?: number;
  readonly tableClusters?: number;
  readonly backing?: BackingReference;
  /** Ask whoever opens the image in a machine to store what is read from the backing file. */
  readonly copyOnRead?: boolean;
  /** Ask whoever opens the image in a machine to stream it. Needs {@link copyOnRead}. */
  readonly stream?: boolean;
  /** The name of what a guest sees, where that has one: the backing file's content, seen through an empty overlay. */
  readonly contentStamp?: ContentStamp;
}

/**
 * Writes an empty image into `file`, durably. The header comes last: what a crash leaves is no QED image.
 * Fails with `invalid-argument` in QEMU's words when a size is out of range.
 */
export async function createQed(file: BlockFile, options: CreateOptions): Promise<Result<void>> {
  const encoded = encodeCreated(options);
  if (!encoded.ok) return encoded;
  const { header, name, stamp, l1, fileBytes } = encoded.value;
  const steps = [
    () => file.setLength(0),
    // What was in the file before must be gone before anything of the new image is there.
    () => file.sync(),
    () => file.setLength(fileBytes),
    // The entries of tables to come have their room from the beginning: what is a hole may find none later.
    () => file.write(l1.offset, new Uint8Array(l1.length)),
    () => (name.length > 0 ? file.write(HEADER_BYTES, name) : Promise.resolve(DONE)),
    () => (stamp === null ? Promise.resolve(DONE) : file.write(stamp.position, stamp.bytes)),
    () => file.sync(),
    () => file.write(0, header),
    () => file.sync(),
  ];
  for (const step of steps) {
    const done = await step();
    if (!done.ok) return done;
  }
  return DONE;
}

interface Created {
  readonly header: Uint8Array;
  readonly name: Uint8Array;
  readonly stamp: { readonly position: number; readonly bytes: Uint8Array } | null;
  /** What of the L1 table is in use, in whole sectors. */
  readonly l1: Range;
  /** Header and backing name, and the L1 table. */
  readonly fileBytes: number;
}

/** Whether an image can be created like this; fails with `invalid-argument` as {@link createQed} does. */
export function checkCreateOptions(options: CreateOptions): Result<void> {
  const encoded = encodeCreated(options);
  return encoded.ok ? DONE : encoded;
}

function encodeCreated(options: CreateOptions): Result<Created> {
  const { backing, clusterBytes = DEFAULT_CLUSTER_BYTES, tableClusters = DEFAULT_TABLE_CLUSTERS } = options;
  const problem =
    clusterSizeProblem(clusterBytes) ??
    tableSizeProblem(tableClusters) ??
    imageSizeProblem(options.imageBytes, clusterBytes, tableClusters) ??
    flagsProblem(options);
  if (problem !== null) return err('invalid-argument', problem);
  const name = backing === undefined ? ok(new Uint8Array()) : encodeBackingName(backing.name);
  if (!name.ok) return name;
  const stamp = options.contentStamp === undefined ? null : encodeContentStamp(options.contentStamp);
  const needed = HEADER_BYTES + name.value.length + (stamp === null ? 0 : CONTENT_STAMP_BYTES);
  const headerClusters = Math.ceil(needed / clusterBytes);
  const l1TableOffset = headerClusters * clusterBytes;
  const l1Entries = l1EntriesUsed(geometryOf(clusterBytes, tableClusters), options.imageBytes);
  const l1Bytes = alignUp(l1Entries * ENTRY_BYTES, SECTOR_BYTES);
  const header = encodeHeader({
    clusterBytes,
    tableClusters,
    headerClusters,
    features: featuresOf(backing),
    compatFeatures:
      (options.copyOnRead === true ? COMPAT_FEATURE.COPY_ON_READ : 0n) |
      (options.stream === true ? COMPAT_FEATURE.STREAM : 0n),
    autoclearFeatures: stamp === null ? 0n : AUTOCLEAR_FEATURE.CONTENT_STAMP,
    l1TableOffset,
    imageBytes: alignUp(options.imageBytes, SECTOR_BYTES),
    backingNameOffset: backing === undefined ? 0 : HEADER_BYTES,
    backingNameBytes: name.value.length,
  });
  return ok({
    header,
    name: name.value,
    stamp: stamp && { position: l1TableOffset - CONTENT_STAMP_BYTES, bytes: stamp },
    l1: { offset: l1TableOffset, length: l1Bytes },
    fileBytes: l1TableOffset + clusterBytes * tableClusters,
  });
}

/**
 * The size the tables can address, with QEMU's wording. QEMU computes that in 64 bits: where it wraps around, always
 * to 0, QEMU could not open the image.
 */
function imageSizeProblem(imageBytes: number, clusterBytes: number, tableClusters: number): string | null {
  const { maxImageBytes } = geometryOf(clusterBytes, tableClusters);
  const most = maxImageBytes < 2 ** 64 ? maxImageBytes : 0;
  const fits = imageBytes >= 0 && imageBytes <= Math.min(most, MAX_ROUNDED_SIZE);
  if (fits && Number.isInteger(imageBytes)) return null;
  return `QED image size must be a non-zero multiple of cluster size and less than ${BigInt(most)} bytes`;
}

function featuresOf(backing: BackingReference | undefined): bigint {
  if (backing === undefined) return 0n;
  return FEATURE.BACKING_FILE | (backing.raw ? FEATURE.BACKING_FORMAT_NO_PROBE : 0n);
}

function flagsProblem({ backing, copyOnRead, stream }: CreateOptions): string | null {
  if (copyOnRead === true && backing === undefined)
    return 'QED only supports copy_on_read with a backing file';
  if (stream === true && copyOnRead !== true) return 'QED only supports stream together with copy_on_read';
  return null;
}
