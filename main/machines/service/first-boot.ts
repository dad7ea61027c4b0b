import type { Catalog } from '../../catalog/catalog.ts';
import type { MachineRow } from '../../catalog/tables/machines.ts';
import type { DiskService } from '../../disks/disk-service.ts';
import type { Journal } from '../../disks/journal.ts';
import type { Machine } from '../machine.ts';
import { whenLoginIsAsked } from './login-prompt.ts';

export interface FirstBootParts {
  readonly catalog: Catalog;
  readonly disks: Pick<DiskService, 'recordBoot' | 'bootEnded'>;
  readonly journal: Journal;
  readonly nowMs: () => number;
}

/**
 * Notes a start. A machine that was never started boots what its master has: worth learning from. Later boots complete what
 * was half learned.
 * @param boots whether it boots, and does not go on from a saved state
 */
export async function noteStart(
  { catalog, disks, journal, nowMs }: FirstBootParts,
  row: MachineRow,
  diskId: string,
  machine: Machine,
  boots: boolean,
): Promise<void> {
  const noted = catalog.note(({ machines, appliances }) => {
    machines.started(row.id, nowMs());
    return row.applianceId === null ? null : appliances.find(row.applianceId);
  });
  journal.report(noted);
  if (!boots || !noted.ok) return;
  whenLoginIsAsked(machine, noted.value?.description.serial?.loginPrompt, () => {
    void disks.bootEnded(diskId);
  });
  await disks.recordBoot(diskId, row.startedMs === null);
}
