import { systemClock, within, type Clock } from '../../../shared/clock.ts';
import { DONE, err, ok, type Failure, type Result } from '../../../shared/result.ts';
import {
  isAlive,
  isOff,
  type Machine,
  type MachineState,
  type ResumeOrder,
  type Started,
  type StopReason,
} from '../machine.ts';
import { ObservedMachine } from '../observed-machine.ts';
import { reached } from '../reached.ts';
import type { ScreenSource } from '../screen.ts';
import { DiskWatch } from './disk-watch.ts';
import { GuestHolds } from './guest-holds.ts';
import { crashOf, type QemuEnd } from './how-it-ended.ts';
import { waitOf } from './io-error.ts';
import { qemuKeys } from './keys.ts';
import { launch } from './launch.ts';
import type { QemuMachineOptions } from './options.ts';
import type { QemuProcess } from './qemu-process.ts';
import type { QmpEvent } from './qmp/client.ts';
import { QemuScreen } from './screen.ts';

/** QEMU stops its guest at once, then waits for the disk: which may wait for a source, and is not waited for longer. */
const DRAIN_LIMIT_MS = 5000;
const QUIT_LIMIT_MS = 5000;

/**
 * A PC run by QEMU, a process of its own. Its disk is served to it from the thread that owns it.
 *
 * What the guest has written is in the hands of its disk once the guest knows of it, so QEMU may die at any time: at the
 * next flush, which is ours where the guest makes none, everything is durable.
 */
export class QemuMachine extends ObservedMachine implements Machine {
  readonly canSave = false;
  readonly screen: ScreenSource;
  readonly #options: QemuMachineOptions;
  readonly #clock: Clock;
  readonly #watch: DiskWatch;
  readonly #holds: GuestHolds;
  #process: QemuProcess | null = null;
  #starting: AbortController | null = null;
  /** How an end that is expected is to be told; the guest's own shutdown, or an order. */
  #ending: StopReason | null = null;

  constructor(options: QemuMachineOptions) {
    super(options.configuration.name);
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.screen = new QemuScreen({ clock: this.#clock, process: (what) => this.#alive(what) });
    this.#holds = new GuestHolds(this.#clock, {
      onChange: () => this.#holdsChanged(),
      onReadAgain: async () => {
        if (isAlive(this.state)) await this.#process?.qmp.execute('cont');
      },
    });
    this.#watch = new DiskWatch(options.disk, this.#clock, {
      onProgress: (progress) => this.tellProgress(progress),
      onSlow: (wait) => this.#holds.slow(wait),
      onLost: (failure) => this.#lost(failure),
    });
  }

  /** A saved state is v86's: it is refused, and the guest starts from its disk. */
  async start(resume: ResumeOrder | null = null): Promise<Result<Started>> {
    if (!isOff(this.state)) return this.refuse('start');
    const starting = new AbortController();
    this.#starting = starting;
    this.#ending = null;
    this.forgetProgress();
    this.enter({ kind: 'starting' });
    const launched = await launch(this.#options, starting.signal, {
      clock: this.#clock,
      onEvent: (event) => this.#hear(event),
      onSerial: (bytes) => this.tellSerial(bytes),
    });
    this.#starting = null;
    if (starting.signal.aborted) {
      if (launched.ok) await this.#kill(launched.value);
      this.#over({ kind: 'stopped', why: this.#why });
      return err('closed', `${this.name} was stopped`);
    }
    if (!launched.ok) {
      this.#over({ kind: 'failed', failure: launched.failure });
      return launched;
    }
    this.#process = launched.value;
    void launched.value.ended.then((end) => this.#ended(end));
    this.#watch.start();
    this.enter(this.#holds.state);
    const stateRefused = resume === null ? null : 'it was not saved by QEMU';
    return ok({ from: 'disk', stateRefused });
  }

  async pause(): Promise<Result<void>> {
    const process = this.#alive('pause');
    if (!process.ok) return process;
    this.#holds.wish('stand');
    const stopping = process.value.qmp.execute('stop');
    void stopping.then((stopped) => stopped.ok && this.#holds.stands());
    const stopped = await within(this.#clock, DRAIN_LIMIT_MS, stopping);
    if (stopped?.ok === false) return stopped;
    // It says so when its guest stands still; what is left then is a request that waits for its source.
    const silent = stopped === null && this.state.kind === 'running';
    return silent ? process.value.silent : this.#options.disk.flush();
  }

  async resume(): Promise<Result<void>> {
    this.#holds.wish('go');
    return this.#order('resume', 'cont');
  }

  powerButton(): Promise<Result<void>> {
    return this.#order('press the power button', 'system_powerdown');
  }

  async reset(): Promise<Result<void>> {
    const flushed = await this.#options.disk.flush();
    return flushed.ok ? this.#order('reset', 'system_reset') : flushed;
  }

  async save(): Promise<Result<number>> {
    return err(
      'unsupported',
      `${this.name} runs in QEMU, whose state cannot be saved yet; shut it down, or leave it running`,
      { words: ['qemu-cannot-save', this.name] },
    );
  }

  async stop(): Promise<Result<void>> {
    if (this.state.kind === 'starting') return this.#abortStart('requested');
    const process = this.#alive('stop');
    if (!process.ok) return process;
    const { qmp, ended } = process.value;
    this.enter({ kind: 'stopping' });
    const drained = await within(this.#clock, DRAIN_LIMIT_MS, qmp.execute('stop'));
    const stored = await this.#store();
    if (this.#process !== process.value) return DONE; // it ended meanwhile
    if (!stored.ok) {
      this.enter(this.#holds.state);
      return stored;
    }
    this.#ending ??= 'requested';
    void qmp.execute('quit');
    // Who waits for the disk does not hear of it.
    const quitLimitMs = drained === null ? 0 : QUIT_LIMIT_MS;
    if ((await within(this.#clock, quitLimitMs, ended)) === null) await this.#kill(process.value);
    return DONE;
  }

  async kill(): Promise<Result<void>> {
    if (isOff(this.state)) return DONE;
    if (this.state.kind === 'starting') return this.#abortStart('killed');
    this.#ending ??= 'killed';
    if (this.#process !== null) await this.#kill(this.#process);
    return DONE;
  }

  sendSerial(data: string | Uint8Array): void {
    if (!isAlive(this.state)) return;
    this.#process?.sendSerial(
      typeof data === 'string' ? new TextEncoder().encode(data) : Uint8Array.from(data),
    );
  }

  sendScancodes(codes: readonly number[]): void {
    if (!isAlive(this.state)) return;
    void this.#process?.qmp.execute('input-send-event', { events: qemuKeys(codes) });
  }

  #hear({ name, data }: QmpEvent): void {
    const failed = name === 'BLOCK_IO_ERROR' ? waitOf(data) : null;
    if (failed !== null) this.#holds.failed(failed);
    if (name === 'STOP') this.#holds.stands();
    if (name === 'RESUME') this.#holds.goes();
    if (name === 'SHUTDOWN') this.#ending ??= 'guest-halted';
  }

  /** What the guest wrote is durable, and nothing of it waits. */
  async #store(): Promise<Result<void>> {
    const failure = this.#holds.unstored?.failure;
    if (failure !== undefined) return { ok: false, failure };
    const flushed = await this.#options.disk.flush();
    if (flushed.ok) return DONE;
    this.#holds.failed({
      ...{ operation: 'flush', offset: 0, length: 0, waitedMs: 0 },
      ...{ failure: flushed.failure, retries: 'on-resume' },
    });
    return flushed;
  }

  #lost(failure: Failure): void {
    if (!isAlive(this.state) || this.#process === null) return;
    const process = this.#process;
    this.#over({ kind: 'failed', failure });
    void this.#kill(process);
  }

  get #why(): StopReason {
    return this.#ending ?? 'killed';
  }

  #ended(end: QemuEnd): void {
    if (this.#process === null) return;
    const why = this.#ending;
    const expected = why !== null && (end.inOrder || why !== 'guest-halted');
    this.#over(expected ? { kind: 'stopped', why } : { kind: 'failed', failure: crashOf(this.name, end) });
  }

  #over(state: MachineState): void {
    this.#process = null;
    this.#watch.stop();
    this.#holds.clear();
    this.enter(state);
  }

  async #abortStart(why: StopReason): Promise<Result<void>> {
    this.#ending = why;
    this.#starting?.abort();
    await reached(this, isOff);
    return DONE;
  }

  async #kill(process: QemuProcess): Promise<void> {
    process.kill();
    await process.ended;
  }

  async #order(what: string, command: string): Promise<Result<void>> {
    const process = this.#alive(what);
    if (!process.ok) return process;
    const done = await process.value.order(command);
    return done.ok ? DONE : done;
  }

  #alive(what: string): Result<QemuProcess> {
    return this.#process !== null && isAlive(this.state) ? ok(this.#process) : this.refuse(what);
  }

  #holdsChanged(): void {
    if (this.#holds.wait !== this.wait) this.tellWait(this.#holds.wait);
    this.enterIfAlive(this.#holds.state);
  }
}
