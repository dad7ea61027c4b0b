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
  /** Largest guest size the two levels can address, in bytes; may exceed the safe integers for huge clusters. */
  readonly maxImageBytes: number;
}

export function geometryOf(clusterBytes: number, tableClusters: number): Geometry {
  const tableBytes = clusterBytes * tableClusters;
  const tableEntries = tableBytes / ENTRY_BYTES;
  const bytesPerTable = tableEntries * clusterBytes;
  return {
    clusterBytes,
    tableClusters,
    tableBytes,
    tableEntries,
    bytesPerTable,
    maxImageBytes: tableEntries * bytesPerTable,
  };
}

export function l1IndexOf(geometry: Geometry, offset: number): number {
  return Math.floor(offset / geometry.bytesPerTable);
}

export function l2IndexOf(geometry: Geometry, offset: number): number {
  return Math.floor((offset % geometry.bytesPerTable) / geometry.clusterBytes);
}

/** Entries of the L1 table that an image of `imageBytes` can use. */
export function l1EntriesUsed(geometry: Geometry, imageBytes: number): number {
  return Math.ceil(imageBytes / geometry.bytesPerTable);
}

/** Entries of each L2 table that an image of `imageBytes` can use. */
export function l2EntriesUsed(geometry: Geometry, imageBytes: number): number {
  return Math.min(geometry.tableEntries, Math.ceil(imageBytes / geometry.clusterBytes));
}
