import { err, type Result } from '../../shared/result.ts';
import type { Activity } from '../activities/activities.ts';
import { draftBeside, putInPlace } from '../block/whole-file.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { ImageFiles } from '../storage/overlays/image-files.ts';
import type { ImageTasks } from '../storage/overlays/image-tasks-client.ts';
import type { QemuImg } from '../storage/overlays/qemu-img.ts';
import type { DiskRows } from './disk-rows.ts';
import type { Journal } from './journal.ts';
import { diskChain } from './overlay-chain.ts';
import type { OwnFiles } from './own-files.ts';
import { deletePassing } from '../catalog/passing-files.ts';

export type ExportFormat = 'raw' | 'qed' | 'qcow2';

export interface ExportOrder {
  readonly rows: DiskRows;
  /** The image needs nothing behind it. */
  readonly complete: boolean;
  readonly target: string;
  readonly format: ExportFormat;
}

export interface ExportParts {
  readonly tasks: ImageTasks;
  readonly qemuImg: QemuImg;
  readonly catalog: Catalog;
  readonly files: ImageFiles;
  readonly journal: Journal;
  readonly ownFiles: OwnFiles;
  readonly nowMs: () => number;
}

/**
 * Writes a copy of a disk; raw and QED by ourselves, qcow2 through qemu-img. What is at `target` is replaced at the end,
 * unless it is a file of ours by then. Drafts are written down, so that a crash leaves none.
 */
export async function exportDisk(
  order: ExportOrder,
  parts: ExportParts,
  activity: Activity,
): Promise<Result<void>> {
  const { catalog, files, journal, ownFiles, nowMs } = parts;
  const { target } = order;
  const drafts = { draft: draftBeside(target), whole: draftBeside(target) };
  const paths = Object.values(drafts);
  const begun = catalog.change(({ passingFiles }) => passingFiles.add(paths, 'making', nowMs()));
  if (!begun.ok) return begun;
  const written = await writeDraft(order, drafts, parts, activity);
  const placed = written.ok ? await putInPlace(drafts.draft, target, () => ownFiles.refuse(target)) : written;
  // One that cannot be deleted stays written down, and is deleted at the next start.
  journal.report(await deletePassing(catalog, files, paths));
  return placed;
}

async function writeDraft(
  { rows, complete, format }: ExportOrder,
  { draft, whole }: { readonly draft: string; readonly whole: string },
  { tasks, qemuImg }: ExportParts,
  { signal, progress }: Activity,
): Promise<Result<void>> {
  const chain = diskChain(rows.row.path, rows.masters);
  const follow = { signal, onProgress: progress };
  if (format !== 'qcow2') return tasks.run('export', { chain, target: draft, format }, follow);
  if (!(await qemuImg.isAvailable())) {
    return err(
      'unsupported',
      'Exporting to qcow2 needs qemu-img, which is not installed (Debian: qemu-utils)',
      { words: ['needs-qemu-img'] },
    );
  }
  const target = { path: draft, format };
  // qemu-img would open whatever an unfinished image names as its backing file: it only gets images that name none.
  if (complete) return qemuImg.convert({ path: rows.row.path, format: 'qed' }, target, follow);
  const copied = await tasks.run(
    'export',
    { chain, target: whole, format: 'raw' },
    { signal, onProgress: (fraction) => progress(fraction / 2) },
  );
  if (!copied.ok) return copied;
  return qemuImg.convert({ path: whole, format: 'raw' }, target, {
    signal,
    onProgress: (fraction) => progress(0.5 + fraction / 2),
  });
}
