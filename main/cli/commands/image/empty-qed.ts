import { DONE, type Result } from '../../../../shared/result.ts';
import type { BlockFile } from '../../../block/file.ts';
import { ZEROES } from '../../../block/zeroes.ts';
import { ENTRY_BYTES } from '../../../qed/format.ts';
import { geometryOf, l1EntriesUsed } from '../../../qed/geometry.ts';
import { readHeader } from '../../../qed/header.ts';

/**
 * Takes everything out of a QED image whose content its backing file has now: first the L1 table, durably, then the
 * space. A crash in between leaves some ranges in the image and some only in the backing file, with the same content.
 */
export async function emptyQed(file: BlockFile): Promise<Result<void>> {
  const found = await readHeader(file);
  if (!found.ok) return found;
  const { clusterBytes, tableClusters, headerClusters, l1TableOffset, imageBytes } = found.value.header;
  const geometry = geometryOf(clusterBytes, tableClusters);
  const usedBytes = l1EntriesUsed(geometry, imageBytes) * ENTRY_BYTES;
  for (let offset = 0; offset < usedBytes; offset += ZEROES.length) {
    const zeroes = ZEROES.subarray(0, Math.min(ZEROES.length, usedBytes - offset));
    const written = await file.write(l1TableOffset + offset, zeroes);
    if (!written.ok) return written;
  }
  const synced = await file.sync();
  if (!synced.ok) return synced;
  const cut = await file.setLength(
    Math.max(headerClusters * clusterBytes, l1TableOffset + geometry.tableBytes),
  );
  return cut.ok ? file.sync() : DONE;
}
