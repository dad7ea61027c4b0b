import { err, ok, type Err, type Result } from '../../shared/result.ts';
import { SECTOR_BYTES } from '../../shared/units.ts';
import type { BlockFile } from '../block/file.ts';
import {
  FEATURE,
  HEADER_BYTES,
  KNOWN_FEATURES,
  MAGIC,
  MAX_BACKING_NAME_BYTES,
  MAX_CLUSTER_BYTES,
  MAX_TABLE_CLUSTERS,
  MIN_CLUSTER_BYTES,
  MIN_TABLE_CLUSTERS,
} from './format.ts';
import { geometryOf } from './geometry.ts';

/** The 64 bytes at the start of an image, checked. Offsets and sizes are safe integers. */
export interface Header {
  readonly clusterBytes: number;
  readonly tableClusters: number;
  /** Clusters reserved for header and backing file name. */
  readonly headerClusters: number;
  readonly features: bigint;
  readonly compatFeatures: bigint;
  readonly autoclearFeatures: bigint;
  readonly l1TableOffset: number;
  readonly imageBytes: number;
  readonly backingNameOffset: number;
  readonly backingNameBytes: number;
}

export function hasBackingFile(header: Header): boolean {
  return (header.features & FEATURE.BACKING_FILE) !== 0n;
}

/** The limits a cluster and a table size must keep, as QEMU words them; null when both are fine. */
export function clusterSizeProblem(bytes: number): string | null {
  const fine = isPowerOfTwo(bytes) && bytes >= MIN_CLUSTER_BYTES && bytes <= MAX_CLUSTER_BYTES;
  return fine
    ? null
    : `QED cluster size must be within range [${MIN_CLUSTER_BYTES}, ${MAX_CLUSTER_BYTES}] and power of 2`;
}

export function tableSizeProblem(clusters: number): string | null {
  const fine = isPowerOfTwo(clusters) && clusters >= MIN_TABLE_CLUSTERS && clusters <= MAX_TABLE_CLUSTERS;
  return fine
    ? null
    : `QED table size must be within range [${MIN_TABLE_CLUSTERS}, ${MAX_TABLE_CLUSTERS}] and power of 2`;
}

/**
 * Reads and checks a header in the order QEMU does (unknown features before sizes), so that both name the same fault.
 * @param bytes the first bytes of the file; fewer than 64 are `malformed`
 * @param fileBytes length of the file
 * @param path for messages
 */
export function parseHeader(bytes: Uint8Array, fileBytes: number, path: string): Result<Header> {
  const malformed = (field: string, problem: string) =>
    err('malformed', `'${path}' is not a valid QED image: ${field} ${problem}`);
  const notQed = `Image not in QED format`;
  if (bytes.length < HEADER_BYTES) return err('malformed', `'${path}': ${notQed}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, HEADER_BYTES);
  if (view.getUint32(0, true) !== MAGIC) return err('malformed', `'${path}': ${notQed}`);

  const features = view.getBigUint64(16, true);
  const unknown = features & ~KNOWN_FEATURES;
  if (unknown !== 0n) {
    return err('unsupported', `'${path}': Unsupported QED features: ${unknown.toString(16)}`);
  }
  const clusterBytes = view.getUint32(4, true);
  const clusterProblem = clusterSizeProblem(clusterBytes);
  if (clusterProblem !== null) return malformed('cluster_size', `is ${clusterBytes}: ${clusterProblem}`);
  const tableClusters = view.getUint32(8, true);
  const tableProblem = tableSizeProblem(tableClusters);
  if (tableProblem !== null) return malformed('table_size', `is ${tableClusters}: ${tableProblem}`);

  const { maxImageBytes, tableBytes } = geometryOf(clusterBytes, tableClusters);
  const imageBytes = Number(view.getBigUint64(48, true));
  if (!Number.isSafeInteger(imageBytes) || imageBytes > maxImageBytes) {
    return malformed(
      'image_size',
      `is ${imageBytes}, more than the ${maxImageBytes} bytes its tables can address`,
    );
  }
  if (imageBytes % SECTOR_BYTES !== 0)
    return malformed('image_size', `${imageBytes} is not a multiple of 512`);

  const headerClusters = view.getUint32(12, true);
  const headerBytes = headerClusters * clusterBytes;
  const l1TableOffset = Number(view.getBigUint64(40, true));
  const wholeFileBytes = fileBytes - (fileBytes % clusterBytes);
  if (l1TableOffset % clusterBytes !== 0) {
    return malformed('l1_table_offset', `${l1TableOffset} is not at the start of a cluster`);
  }
  if (l1TableOffset < headerBytes)
    return malformed('l1_table_offset', `${l1TableOffset} lies inside the header`);
  if (l1TableOffset + tableBytes > wholeFileBytes) {
    return malformed(
      'l1_table_offset',
      `${l1TableOffset} points past the end of the file (${fileBytes} bytes)`,
    );
  }
  if (headerClusters === 0) return malformed('header_size', 'is 0');
  if (headerBytes > 0xffff_ffff) {
    return malformed('header_size', `of ${headerClusters} clusters is too large for 32 bits`);
  }
  const header: Header = {
    clusterBytes,
    tableClusters,
    headerClusters,
    features,
    compatFeatures: view.getBigUint64(24, true),
    autoclearFeatures: view.getBigUint64(32, true),
    l1TableOffset,
    imageBytes,
    backingNameOffset: view.getUint32(56, true),
    backingNameBytes: view.getUint32(60, true),
  };
  return checkBackingName(header, malformed);
}

function checkBackingName(
  header: Header,
  malformed: (field: string, problem: string) => Err,
): Result<Header> {
  if (!hasBackingFile(header)) return ok(header);
  const { backingNameOffset: offset, backingNameBytes: length } = header;
  if (length >= MAX_BACKING_NAME_BYTES) {
    return malformed(
      'backing_filename_size',
      `is ${length}, at most ${MAX_BACKING_NAME_BYTES - 1} are allowed`,
    );
  }
  if (length === 0) return malformed('backing_filename_size', 'is 0 though a backing file is announced');
  if (offset < HEADER_BYTES)
    return malformed('backing_filename_offset', `${offset} lies inside the header fields`);
  if (offset + length > header.headerClusters * header.clusterBytes) {
    return malformed(
      'backing_filename_offset',
      `${offset} with ${length} bytes reaches past the header clusters`,
    );
  }
  return ok(header);
}

/** Reads and checks the header of a file, together with the length it was checked against. */
export async function readHeader(file: BlockFile): Promise<Result<{ header: Header; fileBytes: number }>> {
  const fileBytes = await file.length();
  if (!fileBytes.ok) return fileBytes;
  const bytes = new Uint8Array(HEADER_BYTES);
  const count = await file.read(0, bytes);
  if (!count.ok) return count;
  const header = parseHeader(bytes.subarray(0, count.value), fileBytes.value, file.path);
  return header.ok ? ok({ header: header.value, fileBytes: fileBytes.value }) : header;
}

/** The 64 header bytes as stored. */
export function encodeHeader(header: Header): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, MAGIC, true);
  view.setUint32(4, header.clusterBytes, true);
  view.setUint32(8, header.tableClusters, true);
  view.setUint32(12, header.headerClusters, true);
  view.setBigUint64(16, header.features, true);
  view.setBigUint64(24, header.compatFeatures, true);
  view.setBigUint64(32, header.autoclearFeatures, true);
  view.setBigUint64(40, BigInt(header.l1TableOffset), true);
  view.setBigUint64(48, BigInt(header.imageBytes), true);
  view.setUint32(56, header.backingNameOffset, true);
  view.setUint32(60, header.backingNameBytes, true);
  return bytes;
}

function isPowerOfTwo(value: number): boolean {
  return value > 0 && Number.isInteger(Math.log2(value));
}
