/** A published master with a machine's state, as `headwater master record-boot --state` makes it; no guest has run. */
import fs from 'node:fs';
import path from 'node:path';
import { systemClock } from '../../shared/clock.ts';
import { MASTER_FILES } from '../../shared/master-files.ts';
import type { MasterDescription } from '../../shared/master.ts';
import { unwrap } from '../../shared/result.ts';
import { KIB } from '../../shared/units.ts';
import { sha256 } from '../../main/block/manifest/digest.ts';
import { findPublished } from '../../main/storage/chain/master-description.ts';
import { publishState } from '../../main/masters/publish/publish-state.ts';
import { saveStateFile } from '../../main/storage/saved-state/state-file.ts';
import { publishInMemory } from './memory-master.ts';
import { SeededRandom } from './seeded-random.ts';
import { tempFolder } from './temp-folder.ts';

export const STATE_MEMORY_MIB = 2;
export const STATE_EMULATOR = 'v86 1.2.3';
export const STATE_SAVED_MS = 1_795_650_000_000;
/** Hard to compress: three pieces. */
const random = new SeededRandom(5);
export const STATE_CONTENT = Uint8Array.from({ length: 580 * KIB }, () => random.integer(0, 255));

interface PublishedFolder {
  readonly folder: string;
  readonly description: MasterDescription;
}

/** Packing takes seconds. */
const published = new Map<string, ReadonlyMap<string, Uint8Array>>();

/** A folder with a master of this content, and the state. */
export async function publishWithState(
  content: Uint8Array,
  memoryMiB = STATE_MEMORY_MIB,
): Promise<PublishedFolder> {
  const key = `${sha256(content).toString('hex')} ${memoryMiB}`;
  const before = published.get(key);
  if (before === undefined) {
    const made = await publishAnew(content, memoryMiB);
    const files = fs.readdirSync(made.folder);
    published.set(key, new Map(files.map((file) => [file, fs.readFileSync(path.join(made.folder, file))])));
    return made;
  }
  const folder = tempFolder();
  for (const [file, bytes] of before) fs.writeFileSync(path.join(folder, file), bytes);
  return { folder, description: unwrap(await findPublished(folder, systemClock)).description };
}

export async function publishAnew(
  content: Uint8Array,
  memoryMiB = STATE_MEMORY_MIB,
): Promise<PublishedFolder> {
  const folder = tempFolder();
  const { description, files } = await publishInMemory(content);
  for (const [file, bytes] of Object.entries(files)) fs.writeFileSync(path.join(folder, file), bytes);
  fs.writeFileSync(path.join(folder, MASTER_FILES.description), JSON.stringify(description));
  const state = path.join(tempFolder(), 'saved.state');
  const facts = {
    emulator: STATE_EMULATOR,
    memoryMiB,
    diskBytes: content.length,
    contentStamp: '0'.repeat(32),
    savedAtMs: 0,
  };
  unwrap(await saveStateFile(state, facts, [STATE_CONTENT]));
  const request = { folder, state, savedAtMs: STATE_SAVED_MS };
  const described = await publishState(request, { clock: systemClock, progress: () => undefined });
  return { folder, description: unwrap(described) };
}
