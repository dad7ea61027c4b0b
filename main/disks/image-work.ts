import path from 'node:path';
import type { ClusterMapCell } from '../../shared/ipc/machines.ts';
import { ok, type Result } from '../../shared/result.ts';
import type { Activities } from '../activities/activities.ts';
import type { Repair } from '../qed/check.ts';
import { summariseCheck, type CheckSummary } from './check-summary.ts';
import type { DiskControl } from './disk-control.ts';
import { exportDisk, type ExportFormat, type ExportParts } from './export-disk.ts';

export interface ImageWorkParts extends ExportParts {
  readonly activities: Activities;
}

/** Work on an image as a whole, in a thread of its own. */
export class ImageWork {
  readonly #parts: ImageWorkParts;

  constructor(parts: ImageWorkParts) {
    this.#parts = parts;
  }

  /** Checks an image that no machine uses; its streaming pauses meanwhile. */
  async check(control: DiskControl, repair: Repair): Promise<Result<CheckSummary>> {
    const { tasks, journal, files, activities } = this.#parts;
    const { path: file } = control.rows.row;
    const about = {
      kind: 'check',
      subject: control.id,
      name: path.basename(file),
      cancellable: false,
    } as const;
    const checked = await control.occupy('being checked', () =>
      activities.run(about, async () => {
        const before = await files.stateOf(file);
        const report = await tasks.run('check', { path: file, repair });
        const after = await files.stateOf(file);
        const freed = before.ok && after.ok ? before.value.lengthBytes - after.value.lengthBytes : 0;
        return report.ok ? ok(summariseCheck(report.value, freed)) : report;
      }),
    );
    if (!checked.ok) return checked;
    const summary = checked.value;
    const level = summary.corruptions > 0 ? 'error' : 'info';
    const text = `'${file}': ${summary.summary}`;
    journal.note({ level, kind: 'disk-checked', subject: control.id, text });
    return ok(summary);
  }

  /** What is stored where, and what goes on there while the disk is open. */
  async map({ rows, opened }: DiskControl, cells: number): Promise<Result<ClusterMapCell[]>> {
    const { row, masters } = rows;
    const sourceBytes = masters[0]?.lengthBytes ?? 0;
    const [map, activity] = await Promise.all([
      this.#parts.tasks.run('map', { path: row.path, cells, sourceBytes }),
      opened?.activity(cells),
    ]);
    if (!map.ok) return map;
    const { filling = [], demanded = [] } = activity?.ok ? activity.value : {};
    return ok(
      map.value.map((cell, index) => ({
        ...cell,
        fetching: Math.min(cell.missing, filling[index] ?? 0),
        demanded: Math.min(cell.data, demanded[index] ?? 0),
      })),
    );
  }

  /**
   * Copies what a guest would see into one file of its own. The machine must be off; what is missing is fetched.
   * Refused where the file is one of ours, see {@link OwnFiles.refuse}.
   */
  async export(control: DiskControl, target: string, format: ExportFormat): Promise<Result<void>> {
    const { rows, complete } = control;
    const order = { rows, complete, target: path.resolve(target), format };
    const about = {
      kind: 'export',
      subject: control.id,
      name: path.basename(target),
      cancellable: true,
    } as const;
    const exported = await control.occupy('being exported', async () => {
      const allowed = await this.#parts.ownFiles.refuse(order.target);
      if (!allowed.ok) return allowed;
      return this.#parts.activities.run(about, (activity) => exportDisk(order, this.#parts, activity));
    });
    if (exported.ok) {
      const text = `The disk was exported to '${target}'.`;
      this.#parts.journal.tell({
        level: 'info',
        kind: 'disk-exported',
        facts: [target],
        subject: control.id,
        text,
      });
    }
    return exported;
  }
}
