import { ENTRY_BYTES } from './format.ts';

/** How guest offsets map to tables and clusters, given the sizes in the header. */
export interface Geometry {
  readonly clusterBytes: number;
  readonly tableClusters: number;
  /** Size of one L1 or L2 table, in bytes. */
  readonly tableBytes: number;
  /** Entries in one table. */
  readonly tableEntries: number;
  /** Guest bytes one L2 table covers. */
  readonly bytesPerTable: number;
  /** What is read and kept of an L2 table at once, in bytes: tables may be as large as 1 GiB. */
  readonly sliceBytes: number;
  /** Guest bytes one slice covers; a whole number of slices makes a table. */
  readonly bytesPerSlice: number;
  /** Largest guest size the two levels can address, in bytes; may exceed the safe integers for huge clusters. */
  readonly maxImageBytes: number;
}

const MAX_SLICE_BYTES = 64 * 1024;

export function geometryOf(clusterBytes: number, tableClusters: number): Geometry {
  const tableBytes = clusterBytes * tableClusters;
  const tableEntries = tableBytes / ENTRY_BYTES;
  const bytesPerTable = tableEntries * clusterBytes;
  const sliceBytes = Math.min(tableBytes, MAX_SLICE_BYTES);
  return {
    clusterBytes,
    tableClusters,
    tableBytes,
    tableEntries,
    bytesPerTable,
    sliceBytes,
    bytesPerSlice: (sliceBytes / ENTRY_BYTES) * clusterBytes,
    maxImageBytes: tableEntries * bytesPerTable,
  };
}

export function l1IndexOf(geometry: Geometry, offset: number): number {
  return Math.floor(offset / geometry.bytesPerTable);
}

/** Slices are numbered through all tables. */
export function sliceIndexOf(geometry: Geometry, offset: number): number {
  return Math.floor(offset / geometry.bytesPerSlice);
}

/** The entry for `offset` within its slice. */
export function sliceEntryOf(geometry: Geometry, offset: number): number {
  return Math.floor((offset % geometry.bytesPerSlice) / geometry.clusterBytes);
}

/** Where the slice for `offset` begins within its L2 table, in bytes. */
export function slicePositionOf(geometry: Geometry, offset: number): number {
  const inTable = offset % geometry.bytesPerTable;
  return Math.floor(inTable / geometry.bytesPerSlice) * geometry.sliceBytes;
}

/** Entries of the L1 table that an image of `imageBytes` can use. */
export function l1EntriesUsed(geometry: Geometry, imageBytes: number): number {
  return Math.ceil(imageBytes / geometry.bytesPerTable);
}

/** Entries of each L2 table that an image of `imageBytes` can use. */
export function l2EntriesUsed(geometry: Geometry, imageBytes: number): number {
  return Math.min(geometry.tableEntries, Math.ceil(imageBytes / geometry.clusterBytes));
}
