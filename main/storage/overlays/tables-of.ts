import { DONE, ok, type Result } from '../../../shared/result.ts';
import type { BlockFile } from '../../block/file.ts';
import { ENTRY_BYTES, UNALLOCATED } from '../../qed/format.ts';
import { geometryOf, l1EntriesUsed, type Geometry } from '../../qed/geometry.ts';
import { readHeader, type Header } from '../../qed/header.ts';
import { Table } from '../../qed/table.ts';

/** The header and the first table of an image that may be open elsewhere: what is on the disk at this moment. */
export interface ImageTables {
  readonly file: BlockFile;
  readonly header: Header;
  readonly geometry: Geometry;
  readonly l1: Table;
  /** Entries of the L1 table that count. */
  readonly l1Entries: number;
}

/** Entries looked at at once. */
const PIECE_ENTRIES = 32 * 1024;

export async function readTables(file: BlockFile): Promise<Result<ImageTables>> {
  const found = await readHeader(file);
  if (!found.ok) return found;
  const { header } = found.value;
  const geometry = geometryOf(header.clusterBytes, header.tableClusters);
  const l1Entries = l1EntriesUsed(geometry, header.imageBytes);
  const l1 = new Table(l1Entries);
  const read = await file.read(header.l1TableOffset, l1.bytes);
  return read.ok ? ok({ file, header, geometry, l1, l1Entries }) : read;
}

/** How many entries of the L2 table behind L1 entry `l1Index` lie inside the image. */
export function l2EntriesAt({ header, geometry }: ImageTables, l1Index: number): number {
  const rest = header.imageBytes - l1Index * geometry.bytesPerTable;
  return Math.min(geometry.tableEntries, Math.ceil(rest / geometry.clusterBytes));
}

export function hasTable({ l1 }: ImageTables, l1Index: number): boolean {
  return l1.get(l1Index) !== UNALLOCATED;
}

/** Hands `count` entries from `first` on to `visit`, in pieces: tables may be as large as 1 GiB. */
export async function visitEntries(
  { file, l1 }: ImageTables,
  l1Index: number,
  first: number,
  count: number,
  visit: (piece: Table, first: number, count: number) => void,
): Promise<Result<void>> {
  for (let at = first; at < first + count; at += PIECE_ENTRIES) {
    const pieceCount = Math.min(PIECE_ENTRIES, first + count - at);
    const piece = new Table(pieceCount);
    const read = await file.read(l1.get(l1Index) + at * ENTRY_BYTES, piece.bytes);
    if (!read.ok) return read;
    visit(piece, at, pieceCount);
  }
  return DONE;
}
