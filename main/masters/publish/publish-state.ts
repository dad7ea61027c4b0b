import path from 'node:path';
import type { Clock } from '../../../shared/clock.ts';
import { MASTER_FILES } from '../../../shared/master-files.ts';
import type { MasterDescription } from '../../../shared/master.ts';
import { because, err, ok, type Result } from '../../../shared/result.ts';
import { sha256 } from '../../block/manifest/digest.ts';
import { NodeFile } from '../../block/node-file.ts';
import { putInPlace } from '../../block/whole-file.ts';
import { findPublished } from '../../storage/chain/master-description.ts';
import { HEADER_BYTES } from '../../storage/saved-state/pieces.ts';
import { publishedContentStamp } from '../../storage/saved-state/published-state.ts';
import { readState, readStateHeader } from '../../storage/saved-state/read-state.ts';
import { writeState } from '../../storage/saved-state/write-state.ts';
import { writeDescription } from './master-folder.ts';

export interface PublishStateRequest {
  /** The folder of a published master. */
  readonly folder: string;
  /** The file of a machine's state, saved beside a disk with exactly the content of that master. */
  readonly state: string;
  /** What is put down as the moment when it was saved, in milliseconds since 1970. */
  readonly savedAtMs: number;
}

/**
 * Adds a machine's state to the master it belongs to: `state.bin`, packed as small as can be, and its hash in
 * `master.json`, which is written last. The same saved state gives the same file.
 */
export async function publishState(
  { folder, state, savedAtMs }: PublishStateRequest,
  { clock, progress }: { readonly clock: Clock; readonly progress: (fraction: number) => void },
): Promise<Result<MasterDescription>> {
  const found = await findPublished(folder, clock);
  if (!found.ok) return found;
  const { description } = found.value;
  const saved = await readWhole(state);
  if (!saved.ok) return because(`Could not publish '${state}'`, saved);
  const { header, content } = saved.value;
  if (header.diskBytes !== description.lengthBytes) {
    return err('invalid-argument', `'${state}' was saved with another disk than '${folder}' has`);
  }
  const facts = { ...header, contentStamp: publishedContentStamp(description), savedAtMs };
  const file = path.join(folder, MASTER_FILES.state);
  const draft = NodeFile.create(`${file}.part`);
  if (!draft.ok) return draft;
  const head = Buffer.alloc(HEADER_BYTES);
  const written = await writeState(draft.value, facts, [content], { effort: 'small', onProgress: progress });
  const read = written.ok ? await draft.value.read(0, head) : written;
  const closed = await draft.value.close();
  if (!written.ok) return written;
  if (!read.ok) return read;
  if (!closed.ok) return closed;
  const placed = await putInPlace(`${file}.part`, file);
  if (!placed.ok) return placed;
  const { memoryMiB, emulator } = header;
  const described: MasterDescription = {
    ...description,
    state: { sha256: sha256(head).toString('hex'), lengthBytes: written.value, memoryMiB, emulator },
  };
  const stored = await writeDescription(folder, described);
  return stored.ok ? ok(described) : stored;
}

async function readWhole(state: string) {
  const file = NodeFile.open(state, { readOnly: true });
  if (!file.ok) return file;
  try {
    const header = await readStateHeader(file.value);
    if (!header.ok) return header;
    const reading = await readState(file.value, header.value);
    if (!reading.ok) return reading;
    if (!reading.value.fits) return err('malformed', reading.value.why);
    return ok({ header: header.value, content: reading.value.state });
  } finally {
    await file.value.close();
  }
}
