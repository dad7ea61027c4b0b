import fs from 'node:fs';
import path from 'node:path';
import { ok, type Result } from '../../../shared/result.ts';
import { NodeFile } from '../../block/node-file.ts';
import { syncFolder } from '../../block/whole-file.ts';
import type { StateFacts } from './header.ts';
import { readState, type StateFit, type StateReading } from './read-state.ts';
import { writeState, type WriteStateOptions } from './write-state.ts';

/**
 * Saves a state as a new file, durably, with its name. Never replaces a file; leaves none when it fails.
 * @returns the size of the file in bytes
 */
export async function saveStateFile(
  file: string,
  facts: StateFacts,
  state: readonly Uint8Array[],
  options: WriteStateOptions = {},
): Promise<Result<number>> {
  const created = NodeFile.create(file, { exclusive: true });
  if (!created.ok) return created;
  const written = await writeState(created.value, facts, state, options);
  const closed = await created.value.close();
  const named = written.ok && closed.ok ? await syncFolder(path.dirname(file)) : closed;
  if (written.ok && named.ok) return written;
  fs.rmSync(file, { force: true });
  return written.ok && !named.ok ? named : written;
}

/** As {@link readState}; a file that is not there does not fit either. */
export async function loadStateFile(file: string, fit: StateFit): Promise<Result<StateReading>> {
  const opened = NodeFile.open(file, { readOnly: true });
  if (!opened.ok) {
    return opened.failure.code === 'not-found' ? ok({ fits: false, why: `'${file}' is missing` }) : opened;
  }
  const reading = await readState(opened.value, fit);
  await opened.value.close();
  return reading;
}
