import type { MachineView } from '../../../shared/ipc/machines.ts';
import { ok, type Result } from '../../../shared/result.ts';
import type { Catalog, Tables } from '../../catalog/catalog.ts';
import type { MachineRow } from '../../catalog/tables/machines.ts';
import type { DiskService } from '../../disks/disk-service.ts';
import type { Journal } from '../../disks/journal.ts';
import type { RunsOn } from '../qemu/runs-on.ts';
import { NOT_THERE } from './machine-rows.ts';
import { machineView } from './machine-view.ts';
import type { Power } from './power.ts';

export interface MachineViewParts {
  readonly catalog: Catalog;
  readonly disks: Pick<DiskService, 'view'>;
  readonly journal: Journal;
  readonly power: Pick<Power, 'running' | 'isStarting' | 'lastFailure' | 'instantStart'>;
  readonly runsOn: Pick<RunsOn, 'of'>;
  readonly changed: (machine: MachineView) => void;
}

/** Machines as windows show them: what the catalog says, and what goes on. */
export class MachineViews {
  readonly #parts: MachineViewParts;

  constructor(parts: MachineViewParts) {
    this.#parts = parts;
  }

  list(): Result<MachineView[]> {
    return this.#parts.catalog.read((tables) => tables.machines.list().map((row) => this.#view(tables, row)));
  }

  find(id: string): Result<MachineView> {
    const view = this.#parts.catalog.read((tables) => {
      const row = tables.machines.find(id);
      return row === null ? null : this.#view(tables, row);
    });
    if (!view.ok) return view;
    return view.value === null ? NOT_THERE : ok(view.value);
  }

  /** Tells of a machine that is another now. */
  publish(id: string): void {
    const view = this.find(id);
    if (view.ok) this.#parts.changed(view.value);
    else if (view.failure.code !== 'not-found') this.#parts.journal.report(view);
  }

  #runsOn(tables: Tables, { id, guest, memoryMiB, hardware }: MachineRow): MachineView['runsOn'] {
    const diskBytes = tables.disks.ofMachine(id)[0]?.lengthBytes ?? 0;
    // What saved a state has to go on from it.
    const saved = tables.savedStates.find(id) !== null;
    return saved
      ? { backEnd: 'v86', qemu: null }
      : this.#parts.runsOn.of({ ...guest, memoryMiB, diskBytes }, hardware);
  }

  #view(tables: Tables, row: MachineRow): MachineView {
    const { disks, power } = this.#parts;
    const appliance = row.applianceId === null ? null : tables.appliances.find(row.applianceId);
    const running = power.running(row.id);
    return machineView({
      row,
      loginHint: appliance?.description.loginHint ?? null,
      disks: tables.disks.ofMachine(row.id).flatMap(({ id }) => disks.view(id) ?? []),
      starting: power.isStarting(row.id),
      runsOn: this.#runsOn(tables, row),
      canSave: running?.machine.canSave ?? null,
      suspending: running?.suspending ?? false,
      running: running?.machine.state ?? null,
      wait: running?.wait ?? null,
      savedState: tables.savedStates.find(row.id),
      instantStart: power.instantStart(row),
      lastFailure: power.lastFailure(row.id),
    });
  }
}
