import path from 'node:path';
import type { NewMachine } from '../../../shared/ipc/catalog.ts';
import type { MachineCommand, MachineView } from '../../../shared/ipc/machines.ts';
import { DONE, err, ok, type Failure, type Result } from '../../../shared/result.ts';
import type { Catalog, Tables } from '../../catalog/catalog.ts';
import type { ApplianceRow } from '../../catalog/tables/appliances.ts';
import type { DiskRow } from '../../catalog/tables/disks.ts';
import type { MachineRow } from '../../catalog/tables/machines.ts';
import type { Master } from '../../catalog/tables/masters.ts';
import { newStream } from '../../catalog/tables/streams.ts';
import type { ImageFiles } from '../../storage/overlays/image-files.ts';
import type { DiskService } from '../disks/disk-service.ts';
import type { Journal } from '../disks/journal.ts';
import type { OpenedDisk } from '../disks/opened-disk.ts';
import { masterChain } from '../disks/overlay-chain.ts';
import { deletePassing } from '../disks/passing-files.ts';
import { settleUnneeded } from '../disks/settle-unneeded.ts';
import { Emitter } from '../emitter.ts';
import { isAlive, type Machine } from '../machine.ts';
import type { OneAtATime } from '../one-at-a-time.ts';
import { planDuplicate } from './duplicate.ts';
import { diskLengthOf, planGround } from './ground.ts';
import { whenLoginIsAsked } from './login-prompt.ts';
import { machineView } from './machine-view.ts';
import { freeName, imageFileName } from './names.ts';
import { createOverlays } from './new-overlays.ts';
import { Session } from './session.ts';

/** What a machine is made from; the appliance service knows them. */
export interface ApplianceSource {
  resolve(id: string): Promise<Result<{ readonly appliance: ApplianceRow; readonly master: Master }>>;
}

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
  /** What makes copies of masters, and what removes them. */
  readonly copyWork: OneAtATime;
  /** Makes the machine for one start, over an open disk. */
  readonly makeMachine: (machine: MachineRow, disk: OpenedDisk) => Result<Machine>;
  readonly changed: (machine: MachineView) => void;
  readonly removed: (id: string) => void;
}

export interface MachineServiceEvents {
  /** A machine was switched on: this is the one to show until it stops. */
  started: { readonly id: string; readonly machine: Machine };
  removed: { readonly id: string };
}

/** All machines of the catalog, on or off. */
export class MachineService {
  readonly #parts: MachineServiceParts;
  readonly #sessions = new Map<string, Session>();
  readonly #starting = new Set<string>();
  /** Machines that are being removed or copied, with what to say of it. */
  readonly #occupied = new Map<string, string>();
  readonly #failures = new Map<string, Failure>();
  readonly #events = new Emitter<MachineServiceEvents>();
  #closing = false;

  constructor(parts: MachineServiceParts) {
    this.#parts = parts;
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
    return this.#sessions.get(id)?.machine ?? null;
  }

  /** How many guests would lose their power if the program ended now. */
  get runningCount(): number {
    const on = [...this.#sessions.values()].filter(
      ({ machine: { state } }) => isAlive(state) || state.kind === 'stopping',
    );
    return on.length + this.#starting.size;
  }

  async list(): Promise<Result<MachineView[]>> {
    return this.#parts.catalog.read((tables) => tables.machines.list().map((row) => this.#view(tables, row)));
  }

  /** A disk's view is another: so is its machine's. */
  diskChanged(machineId: string | null): void {
    if (machineId !== null) this.#publish(machineId);
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
    const { appliances, newId, nowMs, storageFolder } = this.#parts;
    const resolved = await appliances.resolve(wanted.applianceId);
    if (!resolved.ok) return resolved;
    const { appliance, master } = resolved.value;
    const kind = wanted.kind ?? 'standalone';
    const ground = planGround(this.#parts, master.id, kind, storageFolder());
    if (!ground.ok) return ground;
    const { masters, overlays, enter, newCopyId } = ground.value;
    const name = this.#chooseName(wanted.name, appliance.description.name);
    if (!name.ok) return name;
    const machine: MachineRow = {
      id: newId(),
      name: name.value,
      applianceId: appliance.id,
      memoryMiB: wanted.memoryMiB ?? appliance.description.memoryMiB,
      createdMs: nowMs(),
      startedMs: null,
    };
    const diskId = newId();
    const disk: DiskRow = {
      id: diskId,
      machineId: machine.id,
      masterId: masters[0]?.id ?? master.id,
      kind,
      path: path.join(storageFolder(), imageFileName(machine.name, diskId)),
      lengthBytes: diskLengthOf(master),
      createdMs: nowMs(),
    };
    const backing = masterChain(masters);
    if (backing === null) return err('not-found', `'${master.name}' is not in the catalog any more`);
    const use = kind === 'standalone' ? 'streaming' : 'thin';
    const created = await createOverlays(
      this.#parts,
      [...overlays, { path: disk.path, backing, lengthBytes: disk.lengthBytes, use }],
      (tables) => {
        enter(tables);
        const { machines, disks, streams } = tables;
        machines.add(machine);
        disks.add(disk);
        streams.put(newStream(disk.id, kind === 'standalone' ? 'running' : 'stopped'));
      },
    );
    if (!created.ok) return created;
    this.#note(machine.id, 'machine-created', `${machine.name} was created.`);
    const copied = newCopyId === null ? DONE : this.#parts.disks.adopt(newCopyId);
    const adopted = this.#parts.disks.adopt(disk.id);
    if (wanted.start) void this.#startAndTell(machine.id);
    for (const outcome of await Promise.all([copied, adopted])) this.#parts.journal.heard(outcome);
    return this.#answer(machine.id);
  }

  /** `kill` and `stop` are obeyed at any time; the others where the machine's state allows them. */
  async command({ id, command }: { id: string; command: MachineCommand }): Promise<Result<void>> {
    const known = this.#row(id);
    if (!known.ok) return known;
    if (command === 'start') return this.#start(id);
    const session = this.#sessions.get(id);
    if (session === undefined) return err('invalid-argument', `${known.value.name} is off`);
    const done = await session.perform(command);
    if (done.ok && (command === 'stop' || command === 'kill')) await session.over;
    return done;
  }

  async rename({ id, name }: { id: string; name: string }): Promise<Result<void>> {
    const known = this.#row(id);
    if (!known.ok) return known;
    const sameLetters = name.toLowerCase() === known.value.name.toLowerCase();
    const chosen = sameLetters ? ok(name) : this.#chooseName(name, name);
    if (!chosen.ok) return chosen;
    const renamed = this.#parts.catalog.change(({ machines }) => machines.rename(id, chosen.value));
    this.#parts.disks.usersChanged();
    this.#publish(id);
    return renamed;
  }

  /** Counts from the next start on. */
  async setMemory({ id, memoryMiB }: { id: string; memoryMiB: number }): Promise<Result<void>> {
    const known = this.#row(id);
    if (!known.ok) return known;
    const changed = this.#parts.catalog.change(({ machines }) => machines.setMemory(id, memoryMiB));
    this.#publish(id);
    return changed;
  }

  /**
   * Makes a second machine with the same content, at once, however large the disk is: the present image becomes a
   * snapshot that is never written again, and both machines get a new overlay over it (ADR 11). Refused while the
   * machine is on: what its guest has not written yet would be missing from the copy.
   */
  async duplicate({ id }: { id: string }): Promise<Result<MachineView>> {
    const off = this.#requireOff(id, 'copied');
    if (!off.ok) return off;
    const disk = this.#diskOf(id);
    if (!disk.ok) return disk;
    return this.#occupying(id, 'being copied', () =>
      this.#parts.disks.occupy(disk.value.id, 'being copied', async (control) => {
        const problem = control.view.state === 'failed' ? control.view.failure : null;
        if (problem !== null) return { ok: false, failure: problem };
        const plan = planDuplicate(this.#parts, off.value, control.rows.row);
        if (!plan.ok) return plan;
        const created = await createOverlays(this.#parts, plan.value.overlays, plan.value.enter);
        if (!created.ok) return created;
        this.#parts.journal.heard(this.#parts.disks.refresh(disk.value.id));
        this.#parts.journal.heard(await this.#parts.disks.adopt(plan.value.diskId));
        this.#note(
          plan.value.machineId,
          'machine-created',
          `${plan.value.name} was made as a copy of ${off.value.name}.`,
        );
        return this.#answer(plan.value.machineId);
      }),
    );
  }

  /** Deletes the machine with its disks, and the snapshots that only they lay on. Answers with the bytes that freed. */
  async remove({ id }: { id: string }): Promise<Result<{ freedBytes: number }>> {
    const off = this.#requireOff(id, 'removed');
    if (!off.ok) return off;
    const disk = this.#parts.catalog.read(({ disks }) => disks.ofMachine(id));
    if (!disk.ok) return disk;
    const [first] = disk.value;
    const remove = () => this.#remove(off.value, disk.value);
    return this.#occupying(id, 'being removed', () =>
      first === undefined ? remove() : this.#parts.disks.occupy(first.id, 'being removed', remove),
    );
  }

  /** Powers every machine off. What a guest wrote is stored; a machine where that cannot be done is in the failure. */
  async close(): Promise<Result<void>> {
    this.#closing = true;
    const ended = await Promise.all([...this.#sessions.values()].map((session) => session.end()));
    return ended.find((result) => !result.ok) ?? DONE;
  }

  async #start(id: string): Promise<Result<void>> {
    if (this.#closing) return CLOSING;
    const off = this.#requireOff(id, 'started');
    if (!off.ok) return off;
    this.#starting.add(id);
    this.#failures.delete(id);
    this.#publish(id);
    const started = await this.#switchOn(off.value);
    this.#starting.delete(id);
    // One that was stopped while it started has not failed.
    if (!started.ok && started.failure.code !== 'closed') this.#failures.set(id, started.failure);
    this.#publish(id);
    return started;
  }

  async #switchOn(row: MachineRow): Promise<Result<void>> {
    const disk = this.#diskOf(row.id);
    if (!disk.ok) return disk;
    const { disks } = this.#parts;
    const opened = await disks.acquire(disk.value.id);
    if (!opened.ok) return opened;
    const made = this.#closing ? CLOSING : this.#parts.makeMachine(row, opened.value);
    if (!made.ok) {
      await disks.release(disk.value.id);
      return made;
    }
    const machine = made.value;
    const session = new Session(machine, () => this.#publish(row.id), this.#parts.nowMs);
    this.#sessions.set(row.id, session);
    void this.#afterwards(row, disk.value.id, session);
    this.#events.emit('started', { id: row.id, machine });
    await this.#firstBoot(row, disk.value.id, machine);
    const started = await machine.start();
    return started.ok ? DONE : started;
  }

  /** A machine that was never started boots what its master has: worth learning from. */
  async #firstBoot(row: MachineRow, diskId: string, machine: Machine): Promise<void> {
    const { catalog, disks, journal, nowMs } = this.#parts;
    const noted = catalog.note(({ machines, appliances }) => {
      machines.started(row.id, nowMs());
      return row.applianceId === null ? null : appliances.find(row.applianceId);
    });
    journal.heard(noted);
    if (row.startedMs !== null || !noted.ok) return;
    whenLoginIsAsked(machine, noted.value?.description.serial?.loginPrompt, () => {
      void disks.bootEnded(diskId);
    });
    await disks.recordBoot(diskId);
  }

  async #afterwards(row: MachineRow, diskId: string, session: Session): Promise<void> {
    const failure = await session.over;
    this.#sessions.delete(row.id);
    if (failure !== null) {
      this.#failures.set(row.id, failure);
      const happened = {
        level: 'error',
        kind: 'machine-failed',
        subject: row.id,
        text: `${row.name} stopped: ${failure.message}`,
      } as const;
      if (session.hasRun) this.#parts.journal.tell(happened);
      else this.#parts.journal.note(happened);
    }
    await this.#parts.disks.release(diskId);
    this.#publish(row.id);
  }

  async #startAndTell(id: string): Promise<void> {
    const started = await this.#start(id);
    if (started.ok || started.failure.code === 'closed') return;
    this.#parts.journal.tell({
      level: 'error',
      kind: 'start-failed',
      subject: id,
      text: started.failure.message,
    });
  }

  async #remove(row: MachineRow, rows: readonly DiskRow[]): Promise<Result<{ freedBytes: number }>> {
    const { catalog, files, disks, nowMs } = this.#parts;
    const removed = catalog.change((tables) => {
      const paths = rows.map(({ path: file }) => file);
      for (const { id } of rows) tables.disks.remove(id);
      tables.machines.remove(row.id);
      tables.passingFiles.add(paths, 'deleting', nowMs());
      return [...paths, ...rows.flatMap(({ masterId }) => settleUnneeded(tables, masterId, nowMs()))];
    });
    if (!removed.ok) return removed;
    for (const { id } of rows) void disks.forget(id);
    this.#failures.delete(row.id);
    this.#parts.removed(row.id);
    this.#events.emit('removed', { id: row.id });
    const freed = await deletePassing(catalog, files, removed.value);
    this.#note(row.id, 'machine-removed', `${row.name} was removed.`);
    return freed.ok ? ok({ freedBytes: freed.value }) : freed;
  }

  #requireOff(id: string, what: string): Result<MachineRow> {
    const row = this.#row(id);
    if (!row.ok) return row;
    const occupied = this.#occupied.get(id);
    if (occupied !== undefined) return err('busy', `${row.value.name} is ${occupied}`);
    const on = this.#sessions.has(id) || this.#starting.has(id);
    return on ? err('busy', `${row.value.name} is on: it cannot be ${what} now`) : row;
  }

  async #occupying<T>(id: string, what: string, work: () => Promise<Result<T>>): Promise<Result<T>> {
    this.#occupied.set(id, what);
    try {
      return await work();
    } finally {
      this.#occupied.delete(id);
    }
  }

  #row(id: string): Result<MachineRow> {
    const row = this.#parts.catalog.read(({ machines }) => machines.find(id));
    if (!row.ok) return row;
    return row.value === null ? err('not-found', 'This machine is not there any more') : ok(row.value);
  }

  #diskOf(id: string): Result<DiskRow> {
    const rows = this.#parts.catalog.read(({ disks }) => disks.ofMachine(id));
    if (!rows.ok) return rows;
    const [disk] = rows.value;
    return disk === undefined ? err('not-found', 'The machine has lost its disk') : ok(disk);
  }

  /** A name the user typed must be free; one we chose is numbered. */
  #chooseName(typed: string | undefined, otherwise: string): Result<string> {
    return settleName(
      this.#parts.catalog.read(({ machines }) => {
        const isTaken = (name: string) => machines.isNameTaken(name);
        if (typed === undefined) return freeName(otherwise, isTaken);
        return isTaken(typed) ? null : typed;
      }),
      typed,
    );
  }

  #answer(id: string): Result<MachineView> {
    const view = this.#parts.catalog.read((tables) => {
      const row = tables.machines.find(id);
      return row === null ? null : this.#view(tables, row);
    });
    if (!view.ok) return view;
    return view.value === null ? err('not-found', 'This machine is not there any more') : ok(view.value);
  }

  #view(tables: Tables, row: MachineRow): MachineView {
    const appliance = row.applianceId === null ? null : tables.appliances.find(row.applianceId);
    return machineView({
      row,
      loginHint: appliance?.description.loginHint ?? null,
      disks: tables.disks.ofMachine(row.id).flatMap(({ id }) => this.#parts.disks.view(id) ?? []),
      starting: this.#starting.has(row.id),
      running: this.#sessions.get(row.id)?.machine.state ?? null,
      wait: this.#sessions.get(row.id)?.wait ?? null,
      lastFailure: this.#failures.get(row.id) ?? null,
    });
  }

  #publish(id: string): void {
    const view = this.#answer(id);
    if (view.ok) this.#parts.changed(view.value);
    else if (view.failure.code !== 'not-found') this.#parts.journal.heard(view);
  }

  #note(subject: string, kind: string, text: string): void {
    this.#parts.journal.note({ level: 'info', kind, subject, text });
  }
}

const CLOSING = err('closed', 'Headwater is closing');

function settleName(found: Result<string | null>, typed: string | undefined): Result<string> {
  if (!found.ok) return found;
  return found.value === null
    ? err('already-exists', `There is a machine '${typed ?? ''}' already`)
    : ok(found.value);
}
