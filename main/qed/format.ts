/**
 * Constants of the QED image format (QEMU's `docs/interop/qed_spec.txt`), little-endian throughout.
 *
 *     cluster 0            1 .. table_size            then, in any order
 *     +--------+---------+ +---------------+ +------+ +------+ +----------+ +------+
 *     | header | backing | |   L1 table    | | data | | data | | L2 table | | data | ...
 *     |  64 B  |  name   | |               | |      | |      | |          | |      |
 *     +--------+---------+ +---------------+ +------+ +------+ +----------+ +------+
 *
 * An L1 entry is 0 or the file offset of an L2 table; an L2 entry is 0 (unallocated), 1 (zero cluster) or the file
 * offset of a data cluster.
 */

/** "QED\0" read as a little-endian number. */
export const MAGIC = 0x00444551;
export const HEADER_BYTES = 64;

export const MIN_CLUSTER_BYTES = 4096;
export const MAX_CLUSTER_BYTES = 64 * 1024 * 1024;
export const DEFAULT_CLUSTER_BYTES = 65536;

/** Clusters per L1 or L2 table. */
export const MIN_TABLE_CLUSTERS = 1;
export const MAX_TABLE_CLUSTERS = 16;
export const DEFAULT_TABLE_CLUSTERS = 4;

/** QEMU refuses backing file names of this many bytes or more. */
export const MAX_BACKING_NAME_BYTES = 4096;

/** Bytes of one L1 or L2 entry. */
export const ENTRY_BYTES = 8;
/** What is written to a table at once: QEMU relies on a sector being written whole or not at all. */
export const SECTOR_BYTES = 512;
export const ENTRIES_PER_SECTOR = SECTOR_BYTES / ENTRY_BYTES;

/** L2 entry: nothing stored, look in the backing file. */
export const UNALLOCATED = 0;
/** L2 entry: reads as zeroes, the backing file is not consulted. */
export const ZERO_CLUSTER = 1;

/** Incompatible features: an unknown bit means the image must not be opened. */
export const FEATURE = {
  BACKING_FILE: 0x01n,
  NEED_CHECK: 0x02n,
  BACKING_FORMAT_NO_PROBE: 0x04n,
} as const;
export const KNOWN_FEATURES = FEATURE.BACKING_FILE | FEATURE.NEED_CHECK | FEATURE.BACKING_FORMAT_NO_PROBE;

/**
 * Compatible features: unknown bits are ignored and kept. Both are Headwater's own, named as in the 2011 RFC "QED
 * image streaming", which never shipped in QEMU; QEMU 7.2 opens images that carry them.
 */
export const COMPAT_FEATURE = {
  /** Store in the image what is read from the backing file. */
  COPY_ON_READ: 0x01n,
  /** Start streaming when a machine opens the image. */
  STREAM: 0x02n,
} as const;
export const KNOWN_COMPAT_FEATURES = COMPAT_FEATURE.COPY_ON_READ | COMPAT_FEATURE.STREAM;

/** Autoclear features: unknown bits are cleared when the image is opened for writing. QEMU 7.2 knows none. */
export const AUTOCLEAR_FEATURE = {
  /** The image carries a content stamp (`content-stamp.ts`). Headwater's own. */
  CONTENT_STAMP: 0x01n,
} as const;
