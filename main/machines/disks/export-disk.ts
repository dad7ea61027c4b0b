import { err, type Result } from '../../../shared/result.ts';
import type { Activity } from '../../activities/activities.ts';
import { draftBeside, putInPlace, removeDraft } from '../../block/whole-file.ts';
import type { ImageTasks } from '../../storage/overlays/image-tasks-client.ts';
import type { ConvertOptions, QemuImg } from '../../storage/overlays/qemu-img.ts';
import type { DiskRows } from './disk-rows.ts';
import { diskChain } from './overlay-chain.ts';

export type ExportFormat = 'raw' | 'qed' | 'qcow2';

export interface ExportOrder {
  readonly rows: DiskRows;
  /** The image needs nothing behind it. */
  readonly complete: boolean;
  readonly target: string;
  readonly format: ExportFormat;
}

/** Writes a copy of a disk; raw and QED by ourselves, qcow2 through qemu-img. What is at `target` is replaced at the end. */
export async function exportDisk(
  order: ExportOrder,
  tools: { readonly tasks: ImageTasks; readonly qemuImg: QemuImg },
  { signal, progress }: Activity,
): Promise<Result<void>> {
  const { rows, target, format } = order;
  const chain = diskChain(rows.row.path, rows.masters);
  const draft = draftBeside(target);
  const follow = { signal, onProgress: progress };
  if (format !== 'qcow2') return tools.tasks.run('export', { chain, target, draft, format }, follow);
  if (!(await tools.qemuImg.isAvailable())) {
    return err(
      'unsupported',
      'Exporting to qcow2 needs qemu-img, which is not installed (Debian: qemu-utils)',
      { words: ['needs-qemu-img'] },
    );
  }
  // qemu-img would open whatever an unfinished image names as its backing file: it only gets images that name none.
  if (order.complete) {
    return convert(tools.qemuImg, { path: rows.row.path, format: 'qed' }, draft, target, follow);
  }
  const whole = draftBeside(target);
  const copied = await tools.tasks.run(
    'export',
    { chain, target: whole, draft: draftBeside(whole), format: 'raw' },
    { signal, onProgress: (fraction) => progress(fraction / 2) },
  );
  if (!copied.ok) return copied;
  const converted = await convert(tools.qemuImg, { path: whole, format: 'raw' }, draft, target, {
    signal,
    onProgress: (fraction) => progress(0.5 + fraction / 2),
  });
  await removeDraft(whole);
  return converted;
}

async function convert(
  qemuImg: QemuImg,
  source: { path: string; format: string },
  draft: string,
  target: string,
  follow: ConvertOptions,
): Promise<Result<void>> {
  const converted = await qemuImg.convert(source, { path: draft, format: 'qcow2' }, follow);
  const placed = converted.ok ? await putInPlace(draft, target) : converted;
  if (!placed.ok) await removeDraft(draft);
  return placed;
}
