import type { DiskView, MachineView } from '../../shared/ipc/machines.ts';
import { fileName } from '../domain/file-name.ts';
import { localShare, shownState, type ShownState } from '../domain/stream-view.ts';

/** A line of the table of overlays. */
export interface OverlayRow {
  readonly id: string;
  readonly disk: DiskView;
  readonly machine: MachineView | undefined;
  readonly state: ShownState;
  readonly share: number | null;
}

export function overlayRows(
  disks: readonly DiskView[],
  machineOf: (id: string) => MachineView | undefined,
): readonly OverlayRow[] {
  const byId = new Map(disks.map((disk) => [disk.id, disk]));
  return disks.map((disk) => ({
    id: disk.id,
    disk,
    machine: disk.machineId === null ? undefined : machineOf(disk.machineId),
    state: shownState(disk),
    share: localShare(disk, disk.masterId === null ? undefined : byId.get(disk.masterId)),
  }));
}

export function filteredRows(
  rows: readonly OverlayRow[],
  text: string,
  state: ShownState | '',
): readonly OverlayRow[] {
  const wanted = text.trim().toLowerCase();
  return rows.filter(
    (row) =>
      (state === '' || row.state === state) &&
      [row.machine?.name, row.disk.masterName, row.disk.copy?.name, row.disk.path].some((word) =>
        word?.toLowerCase().includes(wanted),
      ),
  );
}

/** What a disk is called that has no machine: by the master it is a copy of, or by its file. */
export function rowName({ machine, disk }: OverlayRow): string {
  return machine?.name ?? disk.copy?.name ?? fileName(disk.path);
}
