import fs from 'node:fs';
import { DONE, err, ok, type Result } from '../../../shared/result.ts';
import { failureFromSystem } from '../../../shared/errno.ts';
import { NodeFile } from '../../block/node-file.ts';
import { rangeEnd, type Range } from '../../block/range.ts';
import { UNALLOCATED } from '../../qed/format.ts';
import { hasBackingFile } from '../../qed/header.ts';
import { hasTable, l2EntriesAt, readTables, visitEntries, type ImageTables } from './tables-of.ts';

/** What an image holds, counted in its tables without looking at data. Bytes of guest range. */
export interface Survey {
  readonly lengthBytes: number;
  /** Names no backing file any more. */
  readonly standalone: boolean;
  /** Bytes that need no source any more. */
  readonly localBytes: number;
  /** Bytes of what a start reads that are not local; null where it was not asked for. */
  readonly bootMissingBytes: number | null;
  /** The state of the file this was counted in: as long as it has both, nothing has changed. */
  readonly fileLength: number;
  readonly modifiedMs: number;
}

/**
 * Counts what is local in the image at `path`, which may be open and being written: the tables on the disk are
 * consistent at every moment, and at most a commit behind. Fails with `malformed` when it is no QED image, as what a
 * crash leaves of one that was being created.
 * @param sourceBytes length of what lies behind: what the image has beyond it needs no source
 * @param boot what a start reads
 */
export async function surveyImage(
  path: string,
  sourceBytes: number,
  boot: readonly Range[] | null = null,
): Promise<Result<Survey>> {
  const file = NodeFile.open(path, { readOnly: true });
  if (!file.ok) return file;
  try {
    const stat = fs.statSync(path);
    const tables = await readTables(file.value);
    if (!tables.ok) return (await isHalfMade(file.value)) ? neverFinished(path) : tables;
    const { imageBytes } = tables.value.header;
    const standalone = !hasBackingFile(tables.value.header);
    const missing = new MissingCount(standalone ? null : boot);
    const counted = standalone ? DONE : await countMissing(tables.value, sourceBytes, missing);
    if (!counted.ok) return counted;
    return ok({
      lengthBytes: imageBytes,
      standalone,
      localBytes: imageBytes - missing.bytes,
      bootMissingBytes: boot === null ? null : missing.bootBytes,
      fileLength: stat.size,
      modifiedMs: stat.mtimeMs,
    });
  } catch (error) {
    return failureFromSystem(error, `Could not look at '${path}'`);
  } finally {
    await file.value.close();
  }
}

/** Adds up what is missing, and how much of it a start reads. To be told in ascending order. */
class MissingCount {
  readonly #boot: readonly Range[];
  /** The first stretch of the boot that does not end before what comes next. */
  #at = 0;
  bytes = 0;
  bootBytes = 0;

  constructor(boot: readonly Range[] | null) {
    this.#boot = [...(boot ?? [])].sort((a, b) => a.offset - b.offset);
  }

  add(offset: number, length: number): void {
    this.bytes += length;
    const end = offset + length;
    for (let index = this.#at; ; index++) {
      const stretch = this.#boot[index];
      if (stretch === undefined || stretch.offset >= end) return;
      const overlap = Math.min(end, rangeEnd(stretch)) - Math.max(offset, stretch.offset);
      this.bootBytes += Math.max(0, overlap);
      if (rangeEnd(stretch) <= end) this.#at = index + 1;
    }
  }
}

async function countMissing(
  tables: ImageTables,
  sourceBytes: number,
  missing: MissingCount,
): Promise<Result<void>> {
  const { clusterBytes, bytesPerTable } = tables.geometry;
  const { imageBytes } = tables.header;
  const needed = Math.min(sourceBytes, imageBytes);
  for (let index = 0; index < tables.l1Entries; index++) {
    const start = index * bytesPerTable;
    if (start >= needed) break;
    if (!hasTable(tables, index)) {
      missing.add(start, Math.min(bytesPerTable, needed - start));
      continue;
    }
    const count = Math.min(l2EntriesAt(tables, index), Math.ceil((needed - start) / clusterBytes));
    const visited = await visitEntries(tables, index, 0, count, (piece, first, entries) => {
      for (let entry = 0; entry < entries; entry++) {
        if (piece.get(entry) !== UNALLOCATED) continue;
        const offset = start + (first + entry) * clusterBytes;
        missing.add(offset, Math.min(clusterBytes, needed - offset));
      }
    });
    if (!visited.ok) return visited;
  }
  return DONE;
}

/** The header is written last: until then there are zeroes in its place, or nothing. */
async function isHalfMade(file: NodeFile): Promise<boolean> {
  const magic = new Uint8Array(4);
  const read = await file.read(0, magic);
  return read.ok && magic.every((byte) => byte === 0);
}

function neverFinished(path: string) {
  return err('malformed', `'${path}' was never finished: it has no header. Nothing in it can be used`, {
    words: ['image-unfinished', path],
  });
}
