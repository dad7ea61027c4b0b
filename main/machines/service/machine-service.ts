import type { NewMachine } from '../../../shared/ipc/catalog.ts';
import type { MachineCommand, MachineView } from '../../../shared/ipc/machines.ts';
import type { Hardware } from '../../../shared/hardware.ts';
import { DONE, ok, type Result } from '../../../shared/result.ts';
import type { Catalog } from '../../catalog/catalog.ts';
import type { DiskRow } from '../../catalog/tables/disks.ts';
import type { MachineRow } from '../../catalog/tables/machines.ts';
import type { ImageFiles } from '../../storage/overlays/image-files.ts';
import type { DiskService } from '../../disks/disk-service.ts';
import type { Journal } from '../../disks/journal.ts';
import type { OpenedDisk } from '../../disks/opened-disk.ts';
import { Emitter } from '../../../shared/emitter.ts';
import type { Machine } from '../machine.ts';
import type { MachineToMake } from '../make-machine.ts';
import type { QemuHost } from '../qemu/host.ts';
import { RunsOn } from '../qemu/runs-on.ts';
import type { OneAtATime } from '../../../shared/one-at-a-time.ts';
import { planMachine, type ApplianceSource } from './create-machine.ts';
import { planDuplicate, type Original } from './duplicate.ts';
import { InstantStates } from './instant-states.ts';
import { MachineRows } from './machine-rows.ts';
import { MachineUse } from './machine-use.ts';
import { MachineViews } from './machine-views.ts';
import { checkHardware } from './hardware.ts';
import { createFiles } from './new-files.ts';
import { Power, type NotSaved } from './power.ts';
import { removeMachine } from './remove-machine.ts';

export interface MachineServiceParts {
  readonly catalog: Catalog;
  readonly files: ImageFiles;
  readonly disks: DiskService;
  readonly appliances: ApplianceSource;
  readonly journal: Journal;
  readonly nowMs: () => number;
  /** Lower-case letters, digits and hyphens; never the same twice. */
  readonly newId: () => string;
  readonly storageFolder: () => string;
  readonly instantStates: InstantStates;
  /** What makes copies of masters, and what removes them. */
  readonly copyWork: OneAtATime;
  /** Makes the machine for one start, over an open disk. */
  readonly makeMachine: (machine: MachineToMake, disk: OpenedDisk) => Result<Machine>;
  readonly qemu: QemuHost;
  readonly changed: (machine: MachineView) => void;
  readonly removed: (id: string) => void;
  /** Takes back what only machines needed that are gone. @returns the bytes that became free */
  readonly reclaim: () => Promise<Result<number>>;
}

export interface MachineServiceEvents {
  /** A machine was switched on: this is the one to show until it stops. */
  started: { readonly id: string; readonly machine: Machine };
  removed: { readonly id: string };
}

/** All machines of the catalog, on or off. */
export class MachineService {
  readonly #parts: MachineServiceParts;
  readonly #rows: MachineRows;
  readonly #use: MachineUse;
  readonly #views: MachineViews;
  readonly #power: Power;
  readonly #events = new Emitter<MachineServiceEvents>();

  constructor(parts: MachineServiceParts) {
    this.#parts = parts;
    this.#rows = new MachineRows(parts.catalog);
    this.#power = new Power({
      ...parts,
      rows: this.#rows,
      changed: (id) => this.#views.publish(id),
      started: (id, machine) => this.#events.emit('started', { id, machine }),
    });
    this.#use = new MachineUse(this.#rows, (id) => this.#power.isOn(id));
    const runsOn = new RunsOn(parts.qemu, () => this.publishAll());
    this.#views = new MachineViews({ ...parts, power: this.#power, runsOn });
  }

  /** @returns a function that removes the listener */
  on<Name extends keyof MachineServiceEvents>(
    name: Name,
    listener: (event: MachineServiceEvents[Name]) => void,
  ): () => void {
    return this.#events.on(name, listener);
  }

  /** The machine that is on, for its console; null while it is off. */
  running(id: string): Machine | null {
    return this.#power.running(id)?.machine ?? null;
  }

  /** How many guests would lose their power if the program ended now. */
  get runningCount(): number {
    return this.#power.count;
  }

  async list(): Promise<Result<MachineView[]>> {
    return this.#views.list();
  }

  /** What machines run on may be another. */
  publishAll(): void {
    const all = this.#views.list();
    for (const machine of all.ok ? all.value : []) this.#parts.changed(machine);
  }

  /** A disk's view is another: so is its machine's. */
  diskChanged(machineId: string | null): void {
    if (machineId !== null) this.#views.publish(machineId);
  }

  /**
   * Makes a machine with a new overlay over the appliance's master. With `start` it is switched on as well; the answer
   * does not wait for that, its state tells.
   */
  create(wanted: NewMachine): Promise<Result<MachineView>> {
    const create = () => this.#create(wanted);
    // Two at a time would each make the copy that both are to lie on.
    return wanted.kind === 'linked' ? this.#parts.copyWork.run(create) : create();
  }

  async #create(wanted: NewMachine): Promise<Result<MachineView>> {
    const plan = await planMachine(this.#parts, this.#rows, wanted);
    if (!plan.ok) return plan;
    const { machine, files, diskIds, enter } = plan.value;
    const created = await createFiles(this.#parts, files, enter);
    if (!created.ok) return created;
    this.#note(machine.id, 'machine-created', `${machine.name} was created.`);
    const adopted = diskIds.map((id) => this.#parts.disks.adopt(id));
    if (wanted.start) void this.#startAndTell(machine);
    for (const outcome of await Promise.all(adopted)) this.#parts.journal.report(outcome);
    return this.#views.find(machine.id);
  }

  /** `kill` and `stop` are obeyed at any time; the others where the machine's state allows them. */
  async command({ id, command }: { id: string; command: MachineCommand }): Promise<Result<void>> {
    const known = this.#rows.find(id);
    if (!known.ok) return known;
    if (command === 'suspend') return this.#power.suspend(known.value);
    if (command === 'discard-state') return this.#discardState(id);
    if (command === 'boot') return this.#power.boot(known.value);
    if (command === 'start' || (command === 'resume' && this.#isSuspended(id))) return this.#start(id);
    return this.#power.perform(known.value, command);
  }

  async rename({ id, name }: { id: string; name: string }): Promise<Result<void>> {
    const known = this.#rows.find(id);
    if (!known.ok) return known;
    const sameLetters = name.toLowerCase() === known.value.name.toLowerCase();
    const chosen = sameLetters ? ok(name) : this.#rows.chooseName(name, name);
    if (!chosen.ok) return chosen;
    const renamed = this.#parts.catalog.change(({ machines }) => machines.rename(id, chosen.value));
    this.#parts.disks.usersChanged();
    this.#views.publish(id);
    return renamed;
  }

  /** Counts from the next start of its guest on. */
  async setMemory({ id, memoryMiB }: { id: string; memoryMiB: number }): Promise<Result<void>> {
    const known = this.#rows.find(id);
    if (!known.ok) return known;
    const changed = this.#parts.catalog.change(({ machines }) => machines.setMemory(id, memoryMiB));
    this.#views.publish(id);
    return changed;
  }

  /** What runs it, and how. Refused where that cannot be, and while it is on or suspended. */
  async setHardware({ id, hardware }: { id: string; hardware: Hardware }): Promise<Result<void>> {
    const off = this.#use.requireOff(id, 'changed');
    if (!off.ok) return off;
    const allowed = checkHardware(this.#parts, this.#rows, off.value, hardware);
    if (!allowed.ok) return allowed;
    const changed = this.#parts.catalog.change(({ machines }) => {
      machines.setHardware(id, hardware);
      // What is published to go on from was saved by v86.
      if (hardware.backEnd === 'qemu') machines.setInstantStart(id, null);
    });
    this.#views.publish(id);
    return changed;
  }

  /**
   * Makes a second machine with the same content, at once, however large the disk is: the present image becomes a
   * snapshot that is never written again, and both machines get a new overlay over it (ADR 11). A suspended machine's
   * copy is suspended, too. Refused while the machine is on: what its guest has not written yet would be missing.
   */
  async duplicate({ id }: { id: string }): Promise<Result<MachineView>> {
    return this.#use.occupy(id, 'copied', async (machine) => {
      const disk = this.#rows.diskOf(id);
      if (!disk.ok) return disk;
      return this.#parts.disks.occupy(disk.value.id, 'being copied', async (control) => {
        const problem = control.view.state === 'failed' ? control.view.failure : null;
        if (problem !== null) return { ok: false, failure: problem };
        const original = await this.#original(machine, control.rows.row);
        if (!original.ok) return original;
        const plan = planDuplicate(this.#parts, original.value);
        if (!plan.ok) return plan;
        const created = await createFiles(this.#parts, plan.value.files, plan.value.enter);
        if (!created.ok) return created;
        this.#parts.journal.report(this.#parts.disks.refresh(disk.value.id));
        this.#parts.journal.report(await this.#parts.disks.adopt(plan.value.diskId));
        const { machineId, name } = plan.value;
        this.#note(machineId, 'machine-created', `${name} was made as a copy of ${machine.name}.`);
        return this.#views.find(machineId);
      });
    });
  }

  /** Deletes the machine with all that is its own, and answers with the bytes that freed. */
  async remove({ id }: { id: string }): Promise<Result<{ freedBytes: number }>> {
    return this.#use.occupy(id, 'removed', async (machine) => {
      const disk = this.#rows.diskOf(id);
      const remove = () => this.#remove(machine);
      return disk.ok ? this.#parts.disks.occupy(disk.value.id, 'being removed', remove) : remove();
    });
  }

  /** Deletes what was downloaded for starts that nobody can make any more. */
  tidy(): Result<void> {
    return this.#power.tidy();
  }

  /** Saves every machine that is on and switches it off. Those that could not be saved are still on. */
  suspendAll(): Promise<NotSaved[]> {
    return this.#power.suspendAll();
  }

  /** Powers every machine off. What a guest wrote is stored; a machine where that cannot be done is in the failure. */
  close(): Promise<Result<void>> {
    return this.#power.close();
  }

  async #start(id: string): Promise<Result<void>> {
    const off = this.#use.requireOff(id, 'started');
    return off.ok ? this.#power.start(off.value) : off;
  }

  async #startAndTell({ id, name }: MachineRow): Promise<void> {
    const started = await this.#start(id);
    if (started.ok || started.failure.code === 'closed') return;
    const { failure } = started;
    const text = `${name} could not be started: ${failure.message}`;
    const facts = [name];
    this.#parts.journal.tell({ level: 'error', kind: 'start-failed', facts, failure, subject: id, text });
  }

  #discardState(id: string): Promise<Result<void>> {
    return this.#use.occupy(id, 'changed', async ({ name }) => {
      const discarded = await this.#power.discardState(id);
      if (!discarded.ok) return discarded;
      this.#note(id, 'saved-state-discarded', `The saved state of ${name} was discarded.`);
      this.#views.publish(id);
      return DONE;
    });
  }

  #isSuspended(id: string): boolean {
    const state = this.#rows.savedStateOf(id);
    return state.ok && state.value !== null && !this.#power.isOn(id);
  }

  /** A machine to be copied, with what both go on from; a state whose disk is another by now is left to be refused. */
  async #original(machine: MachineRow, disk: DiskRow): Promise<Result<Original>> {
    const state = this.#rows.savedStateOf(machine.id);
    if (!state.ok) return state;
    const stamp = await this.#parts.files.contentStampOf(disk.path);
    if (!stamp.ok) return stamp;
    const contentStamp = stamp.value;
    return ok({ machine, disk, contentStamp, state: contentStamp === null ? null : state.value });
  }

  async #remove(machine: MachineRow): Promise<Result<{ freedBytes: number }>> {
    const { id, name } = machine;
    const freed = await removeMachine(this.#parts, machine, (diskIds) => {
      for (const diskId of diskIds) void this.#parts.disks.forget(diskId);
      this.#power.forget(id);
      this.#parts.removed(id);
      this.#events.emit('removed', { id });
      this.#note(id, 'machine-removed', `${name} was removed.`);
    });
    if (!freed.ok) return freed;
    const reclaimed = await this.#parts.reclaim();
    this.#parts.journal.report(reclaimed);
    return ok({ freedBytes: freed.value + (reclaimed.ok ? reclaimed.value : 0) });
  }

  #note(subject: string, kind: string, text: string): void {
    this.#parts.journal.note({ level: 'info', kind, subject, text });
  }
}
