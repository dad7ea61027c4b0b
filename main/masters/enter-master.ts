import { err, ok, type Result } from '../../shared/result.ts';
import type { Catalog } from '../catalog/catalog.ts';
import { newMaster, type Master } from '../catalog/tables/masters.ts';
import { draftOf } from './master-files.ts';
import type { PlaceFacts } from './place-facts.ts';

export interface EntryParts {
  readonly catalog: Catalog;
  readonly nowMs: () => number;
  readonly newId: () => string;
  /** For machines made from a master that says nothing of it. */
  readonly defaultMemoryMiB: () => number;
}

/**
 * Enters a master that nobody published, and the appliance that machines are made from.
 * @param state `importing`: its file is ours, and is still being made
 */
export function enterMaster(
  { catalog, nowMs, newId, defaultMemoryMiB }: EntryParts,
  name: string,
  facts: PlaceFacts,
  state: 'ready' | 'importing',
): Result<Master> {
  if (facts.lengthBytes === 0)
    return err('invalid-argument', `'${facts.location}' is empty`, { words: ['file-empty', facts.location] });
  const id = newId();
  const importing = state === 'importing';
  const master = newMaster({ ...facts, id, name, owned: importing, importState: state, createdMs: nowMs() });
  const description = {
    formatVersion: 1,
    id,
    name,
    summary: '',
    publisher: '',
    version: '',
    arch: 'i386',
    licence: '',
    memoryMiB: defaultMemoryMiB(),
    diskSizeBytes: facts.lengthBytes,
  } as const;
  const stored = catalog.change(({ masters, appliances, passingFiles }) => {
    masters.add(master);
    appliances.put({ id, feedId: null, masterId: id, description, addedMs: nowMs() });
    if (importing) passingFiles.add([draftOf(facts.location)], 'making', nowMs());
  });
  return stored.ok ? ok(master) : stored;
}
