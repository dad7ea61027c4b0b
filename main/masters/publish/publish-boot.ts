import path from 'node:path';
import type { Clock } from '../../../shared/clock.ts';
import { bootProfileOf } from '../../../shared/boot-profile.ts';
import { MASTER_FILES } from '../../../shared/master-files.ts';
import type { MasterDescription } from '../../../shared/master.ts';
import { err, ok, type Result } from '../../../shared/result.ts';
import { SECTOR_BYTES, alignDown, alignUp } from '../../../shared/units.ts';
import type { BlockDevice } from '../../block/device.ts';
import { sha256 } from '../../block/manifest/digest.ts';
import { NodeFile } from '../../block/node-file.ts';
import { writePack, type WrittenPack } from '../../block/pack/write-pack.ts';
import { rangeEnd, type Range } from '../../block/range.ts';
import { putInPlace, writeWhole } from '../../block/whole-file.ts';
import { findPublished } from '../../storage/chain/master-description.ts';
import { openPublished } from '../../storage/chain/published-master.ts';
import { BootRecorder } from '../../streaming/order/boot-recorder.ts';
import { writeDescription } from './master-folder.ts';

export interface PublishBootRequest {
  /** The folder of a published master. */
  readonly folder: string;
  /** What a boot read of it, in order. */
  readonly ranges: readonly Range[];
}

export interface PublishBootContext {
  readonly clock: Clock;
  readonly progress: (fraction: number) => void;
}

/**
 * Adds what a boot reads to a published master: `boot.json`, `boot.pack`, and their hashes in `master.json`, which is
 * written last. The same ranges give the same files. Killed meanwhile it leaves the master as it was described before.
 */
export async function publishBoot(
  { folder, ranges }: PublishBootRequest,
  { clock, progress }: PublishBootContext,
): Promise<Result<MasterDescription>> {
  const found = await findPublished(folder, clock);
  if (!found.ok) return found;
  const { description } = found.value;
  const disk = await openPublished(found.value, { clock });
  if (!disk.ok) return disk;
  try {
    const needed = await neededOf(disk.value, ranges);
    if (!needed.ok) return needed;
    const profile = bootProfileOf(needed.value);
    if (profile === null) return err('invalid-argument', 'the boot read nothing of the disk');
    const text = `${JSON.stringify(profile)}\n`;
    const written = await writeWhole(path.join(folder, MASTER_FILES.bootProfile), text);
    if (!written.ok) return written;
    const pack = await packInto(folder, disk.value, description.sha256, needed.value, progress);
    if (!pack.ok) return pack;
    const { uncompressedBytes } = pack.value;
    const described: MasterDescription = {
      ...description,
      bootProfile: {
        sha256: sha256(Buffer.from(text)).toString('hex'),
        lengthBytes: Buffer.byteLength(text),
        bootBytes: uncompressedBytes,
      },
      bootPack: pack.value,
    };
    const stored = await writeDescription(folder, described);
    return stored.ok ? ok(described) : stored;
  } finally {
    await disk.value.close();
  }
}

/** Whole sectors, each once, in order, and without chunks of zeroes: nobody has to fetch those. */
async function neededOf(disk: BlockDevice, ranges: readonly Range[]): Promise<Result<readonly Range[]>> {
  const recorder = new BootRecorder(Infinity, disk.lengthBytes);
  for (const { offset, length } of ranges) {
    const start = alignDown(offset, SECTOR_BYTES);
    const end = Math.min(alignUp(offset + length, SECTOR_BYTES), disk.lengthBytes);
    for (let at = start; at < end;) {
      const extent = await disk.extentAt(at, end - at);
      if (!extent.ok) return extent;
      if (extent.value.kind !== 'zero') recorder.note(extent.value);
      at = rangeEnd(extent.value);
    }
  }
  return ok(recorder.profile());
}

async function packInto(
  folder: string,
  disk: BlockDevice,
  diskSha256: string,
  ranges: readonly Range[],
  progress: (fraction: number) => void,
): Promise<Result<WrittenPack>> {
  const file = path.join(folder, MASTER_FILES.bootPack);
  const draft = NodeFile.create(`${file}.part`);
  if (!draft.ok) return draft;
  const total = ranges.reduce((sum, { length }) => sum + length, 0);
  const packed = await writePack(disk, diskSha256, ranges, draft.value, (bytes) => progress(bytes / total));
  const closed = await draft.value.close();
  if (!packed.ok) return packed;
  const placed = closed.ok ? await putInPlace(draft.value.path, file) : closed;
  return placed.ok ? packed : placed;
}
