import type { Failure } from '../../shared/result.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { SurveyRow } from '../catalog/tables/surveys.ts';
import type { ImageFiles } from '../storage/overlays/image-files.ts';
import type { ImageTasks } from '../storage/overlays/image-tasks-client.ts';
import type { DiskRows } from './disk-rows.ts';
import type { FileFacts } from './disk-view.ts';
import type { Look } from './image-watch.ts';
import type { Journal } from './journal.ts';

export interface SurveyParts {
  readonly catalog: Catalog;
  readonly files: ImageFiles;
  readonly tasks: ImageTasks;
  readonly journal: Journal;
}

/**
 * Finds out how much of a disk is local. What was counted before in a file that has not changed since is read from the
 * catalog.
 * @param isOpen while an image is being written every count is another; that of the closed file is worth keeping
 */
export async function surveyDisk(
  parts: SurveyParts,
  { row, masters, boot }: DiskRows,
  isOpen: () => boolean,
): Promise<Look> {
  const { files, tasks } = parts;
  const state = await files.stateOf(row.path);
  if (!state.ok) return { facts: broken(lookedFor(row.path, state.failure), 0), tookMs: 0 };
  const { lengthBytes, modifiedMs, spaceBytes: fileBytes } = state.value;
  const kept = keptSurvey(parts, row.id);
  const current = kept?.fileLength === lengthBytes && kept.modifiedMs === modifiedMs;
  const bootCounted =
    boot === null || kept?.standalone === true || typeof kept?.bootMissingBytes === 'number';
  if (current && bootCounted) return { facts: found(kept, fileBytes), tookMs: 0 };
  const sourceBytes = masters[0]?.lengthBytes ?? 0;
  const counted = await tasks.run('survey', { path: row.path, sourceBytes, boot: boot?.ranges ?? null });
  // A program that closes knows nothing new of its disks.
  if (!counted.ok) {
    const problem = counted.failure.code === 'closed' ? null : counted.failure;
    return { facts: broken(problem, fileBytes), tookMs: 0 };
  }
  if (!isOpen()) keepSurvey(parts, { diskId: row.id, ...counted.value });
  return { facts: found(counted.value, fileBytes), tookMs: counted.value.tookMs };
}

function keptSurvey({ catalog, journal }: SurveyParts, diskId: string): SurveyRow | null {
  const kept = catalog.read(({ surveys }) => surveys.find(diskId));
  journal.report(kept);
  return kept.ok ? kept.value : null;
}

function keepSurvey({ catalog, journal }: SurveyParts, survey: SurveyRow): void {
  const { diskId, fileLength, modifiedMs, localBytes, standalone, bootMissingBytes } = survey;
  journal.report(
    catalog.note(({ disks, surveys }) => {
      if (disks.find(diskId) === null) return;
      surveys.put({ diskId, fileLength, modifiedMs, localBytes, standalone, bootMissingBytes });
    }),
  );
}

function found(
  {
    localBytes,
    standalone,
    bootMissingBytes,
  }: Pick<SurveyRow, 'localBytes' | 'standalone' | 'bootMissingBytes'>,
  fileBytes: number,
): FileFacts {
  return { localBytes, standalone, bootMissingBytes, fileBytes, problem: null };
}

function broken(problem: Failure | null, fileBytes: number): FileFacts {
  return { localBytes: null, standalone: false, bootMissingBytes: null, fileBytes, problem };
}

function lookedFor(file: string, failure: Failure): Failure {
  if (failure.code !== 'not-found') return failure;
  return { ...failure, message: `'${file}' is missing. Put it back, or delete its machine` };
}
