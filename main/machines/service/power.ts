import path from 'node:path';
import { DONE, err, ok, type Failure, type Result } from '../../../shared/result.ts';
import type { MachineRow } from '../../catalog/tables/machines.ts';
import type { SavedStateRow } from '../../catalog/tables/saved-states.ts';
import type { DiskService } from '../../disks/disk-service.ts';
import type { Journal } from '../../disks/journal.ts';
import type { OpenedDisk } from '../../disks/opened-disk.ts';
import type { MachineToMake } from '../make-machine.ts';
import { isOn, type Machine, type ResumeOrder } from '../machine.ts';
import { InstantStart, type InstantStartParts } from './instant-start.ts';
import { noteStart, type FirstBootParts } from './first-boot.ts';
import type { MachineRows } from './machine-rows.ts';
import { SavedStates, type SavedStateParts } from './saved-states.ts';
import { RunningMachine, type RunningCommand } from './running-machine.ts';

export interface PowerParts extends FirstBootParts, SavedStateParts, InstantStartParts {
  readonly disks: DiskService;
  readonly journal: Journal;
  readonly rows: MachineRows;
  /** Makes the machine for one start, over an open disk. */
  readonly makeMachine: (machine: MachineToMake, disk: OpenedDisk) => Result<Machine>;
  /** What is known of a machine is another now. */
  readonly changed: (id: string) => void;
  /** It was switched on. */
  readonly started: (id: string, machine: Machine) => void;
}

/** A machine that could not be saved. */
export interface NotSaved {
  readonly name: string;
  readonly failure: Failure;
}

interface On {
  readonly row: MachineRow;
  readonly disk: OpenedDisk;
  readonly folder: string;
  readonly running: RunningMachine;
}

/** The machines that are on, and how they got there and away: started, driven, suspended, stopped. */
export class Power {
  readonly #parts: PowerParts;
  readonly #savedStates: SavedStates;
  readonly #instantStart: InstantStart;
  readonly #on = new Map<string, On>();
  readonly #starting = new Set<string>();
  readonly #failures = new Map<string, Failure>();
  #closing = false;

  constructor(parts: PowerParts) {
    this.#parts = parts;
    this.#savedStates = new SavedStates(parts);
    this.#instantStart = new InstantStart(parts);
  }

  running(id: string): RunningMachine | null {
    return this.#on.get(id)?.running ?? null;
  }

  /** What happens before there is a machine to ask: its disk is being opened. */
  isStarting(id: string): boolean {
    return this.#starting.has(id);
  }

  isOn(id: string): boolean {
    return this.#on.has(id) || this.#starting.has(id);
  }

  /** Why it could not be started, or ended, the last time. */
  lastFailure(id: string): Failure | null {
    return this.#failures.get(id) ?? null;
  }

  /** How many guests would lose their power if the program ended now. */
  get count(): number {
    const on = [...this.#on.values()].filter(({ running }) => isOn(running.machine.state));
    return on.length + this.#starting.size;
  }

  /** What its next start goes on from, where that was published with its master. */
  instantStart(row: MachineRow): ReturnType<InstantStart['view']> {
    return this.#instantStart.view(row);
  }

  /**
   * Starts a machine that is off: from its saved state where there is one that fits; else, the first time, from the state
   * that was published with its master; else from its disk.
   */
  async start(row: MachineRow): Promise<Result<void>> {
    const { id } = row;
    if (this.#closing) return CLOSING;
    this.#starting.add(id);
    this.#failures.delete(id);
    this.#parts.changed(id);
    const started = await this.#switchOn(row);
    this.#starting.delete(id);
    // One that was stopped while it started has not failed.
    if (!started.ok && started.failure.code !== 'closed') this.#failures.set(id, started.failure);
    this.#parts.changed(id);
    return started;
  }

  /** Boots a machine that is off, or waits for the state it would go on from, whatever was published with its master. */
  async boot(row: MachineRow): Promise<Result<void>> {
    if (this.#instantStart.callOff(row.id, 'boot')) return DONE;
    if (this.isOn(row.id))
      return err('invalid-argument', `${row.name} is on`, { words: ['machine-is-on', row.name] });
    const forgotten = this.#parts.catalog.change(({ machines }) => machines.setInstantStart(row.id, null));
    return forgotten.ok ? this.start({ ...row, instantStart: null }) : forgotten;
  }

  /** Deletes what was downloaded for starts that nobody can make any more. */
  tidy(): Result<void> {
    return this.#instantStart.tidy();
  }

  /** `kill` and `stop` are obeyed at any time; the others where the machine's state allows them. */
  async perform({ id, name }: MachineRow, command: RunningCommand): Promise<Result<void>> {
    const running = this.running(id);
    const ends = command === 'stop' || command === 'kill';
    if (running === null && ends && this.#instantStart.callOff(id, 'stop')) return DONE;
    if (running === null) return err('invalid-argument', `${name} is off`, { words: ['machine-off'] });
    const done = await running.perform(command);
    if (done.ok && ends) await running.over;
    return done;
  }

  /** Saves the machine's state and switches it off; when that cannot be done it goes on. */
  async suspend({ id, name }: MachineRow): Promise<Result<void>> {
    const on = this.#on.get(id);
    if (on === undefined) return err('invalid-argument', `${name} is off`, { words: ['machine-off'] });
    const { running, ...powered } = on;
    return running.suspend(() => this.#savedStates.save({ ...powered, machine: running.machine }));
  }

  /** Suspends every machine, all at a time. One that has only begun to start is stopped: its guest has done nothing yet. */
  async suspendAll(): Promise<NotSaved[]> {
    this.#instantStart.callOffAll();
    const outcomes = await Promise.all(
      [...this.#on.values()].map(async ({ row, running }) => {
        const { kind } = running.machine.state;
        const ends = kind === 'created' || kind === 'starting' || kind === 'stopping';
        const done = ends ? await running.end() : await this.suspend(row);
        return done.ok || !isOn(running.machine.state) ? [] : { name: row.name, failure: done.failure };
      }),
    );
    return outcomes.flat();
  }

  discardState(id: string): Promise<Result<number>> {
    return this.#savedStates.discard(id);
  }

  /** A machine is not there any more. */
  forget(id: string): void {
    this.#failures.delete(id);
  }

  /** Powers every machine off. What a guest wrote is stored; a machine where that cannot be done is in the failure. */
  async close(): Promise<Result<void>> {
    this.#closing = true;
    this.#instantStart.callOffAll();
    const ended = await Promise.all([...this.#on.values()].map(({ running }) => running.end()));
    return ended.find((result) => !result.ok) ?? DONE;
  }

  async #switchOn(row: MachineRow): Promise<Result<void>> {
    const { disks, rows, makeMachine, changed, nowMs, started } = this.#parts;
    const disk = rows.diskOf(row.id);
    if (!disk.ok) return disk;
    const saved = rows.savedStateOf(row.id);
    if (!saved.ok) return saved;
    const instant = saved.value === null ? await this.#instantStart.prepare(row, disk.value) : ok(null);
    if (!instant.ok) return instant;
    const opened = await disks.acquire(disk.value.id);
    if (!opened.ok) return opened;
    const resume = await this.#resumeOrder(saved.value, instant.value, opened.value);
    const present = saved.value === null ? row : asSaved(row, saved.value);
    const toMake = { ...present, diskBytes: disk.value.lengthBytes };
    const made = this.#closing ? CLOSING : resume.ok ? makeMachine(toMake, opened.value) : resume;
    if (!made.ok) {
      await disks.release(disk.value.id);
      return made;
    }
    const machine = made.value;
    const running = new RunningMachine(machine, () => changed(row.id), nowMs);
    const folder = path.dirname(disk.value.path);
    this.#on.set(row.id, { row: present, disk: opened.value, folder, running });
    void this.#afterwards(row, disk.value.id, running);
    started(row.id, machine);
    const order = resume.ok ? resume.value : null;
    await noteStart(this.#parts, row, disk.value.id, machine, order === null);
    const outcome = await machine.start(order);
    if (!outcome.ok) return outcome;
    if (saved.value !== null) await this.#savedStates.used(row, outcome.value);
    else this.#instantStart.used(row, outcome.value);
    return DONE;
  }

  /** @param instant the file of the state that was published with its master */
  async #resumeOrder(
    saved: SavedStateRow | null,
    instant: string | null,
    disk: OpenedDisk,
  ): Promise<Result<ResumeOrder | null>> {
    const file = saved?.path ?? instant;
    if (file === null) return ok(null);
    const status = await disk.status();
    if (!status.ok) return status;
    return ok({ file, contentStamp: status.value.contentStamp, shared: saved === null });
  }

  async #afterwards(row: MachineRow, diskId: string, running: RunningMachine): Promise<void> {
    const failure = await running.over;
    this.#on.delete(row.id);
    if (failure !== null) {
      this.#failures.set(row.id, failure);
      const text = `${row.name} stopped: ${failure.message}`;
      const about = { level: 'error', kind: 'machine-failed', subject: row.id, text } as const;
      const happened = { ...about, facts: [row.name], failure };
      if (running.hasRun) this.#parts.journal.tell(happened);
      else this.#parts.journal.note(happened);
    }
    await this.#parts.disks.release(diskId);
    this.#parts.changed(row.id);
  }
}

/** The guest goes on with the memory it has, in what saved it; what was set since counts from its next start. */
function asSaved(row: MachineRow, { memoryMiB }: SavedStateRow): MachineRow {
  return { ...row, memoryMiB, hardware: { ...row.hardware, backEnd: 'v86' } };
}

const CLOSING = err('closed', 'Headwater is closing', { words: ['closing'] });
