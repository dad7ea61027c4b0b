import type { MessagePort } from 'node:worker_threads';
import { V86_MOST_MEMORY_MIB } from '../../../shared/back-end.ts';
import { MEMORY_MIB, memoryMiBSchema } from '../../../shared/memory.ts';
import { DONE, assertNever, err, type Err, type Failure, type Result } from '../../../shared/result.ts';
import { Emitter } from '../../../shared/emitter.ts';
import {
  NO_PROGRESS,
  isAlive,
  isOff,
  type DiskWait,
  type Machine,
  type MachineEvents,
  type MachineProgress,
  type MachineState,
  type ResumeOrder,
  type SaveOrder,
  type Started,
  type StopReason,
} from '../machine.ts';
import { CTRL_ALT_DELETE } from './keyboard.ts';
import type { ScreenSource } from '../screen.ts';
import type { Firmware, SessionAnswers, SessionRequest, ToSession } from './messages.ts';
import type { Hold } from './pause-gate.ts';
import { SessionThread, type SessionReport } from './session-thread.ts';
import { DEFAULT_STALL_LIMITS, type StallLimits } from './stall.ts';

export interface V86MachineOptions {
  /** What messages call the machine. */
  readonly name: string;
  /** The guest's memory in MiB: 16 to 1024. */
  readonly memoryMiB: number;
  readonly firmware: Firmware;
  /** The built `main/machines/v86/worker.js`. */
  readonly workerScript: URL | string;
  /**
   * Called at each start: a port whose other end is served by `serveBlockDevice`.
   * @param boots the guest boots, and does not go on from a saved state
   */
  readonly connectDisk: (boots: boolean) => Promise<Result<MessagePort>>;
  readonly stall?: StallLimits;
  /**
   * Whether the machine stops when the guest halts its processor for good, as it does at the end of a shutdown.
   * Without it the machine stays on, as a PC without power management does. Default: true.
   */
  readonly stopWhenHalted?: boolean;
}

/**
 * A PC emulated by v86 in a worker thread of this process.
 *
 * It has no ACPI (v86's is incomplete: a guest that powers off would spin), so the power button presses
 * Ctrl-Alt-Delete: guests whose init answers it with a shutdown halt, and the machine stops; others reboot.
 */
export class V86Machine implements Machine {
  readonly name: string;
  readonly canSave = true;
  readonly screen: ScreenSource = {
    attach: (port) => {
      if (this.#thread === null) return this.#refuse('show its screen');
      this.#thread.send({ kind: 'viewer', port }, [port]);
      return DONE;
    },
    screenshot: () => this.#ask({ kind: 'screenshot' }, 'show its screen'),
    text: () => this.#ask({ kind: 'screen-text' }, 'show its screen'),
    type: (text) => this.#ask({ kind: 'type', text }, 'take keys'),
  };
  readonly #options: V86MachineOptions;
  readonly #events = new Emitter<MachineEvents>();
  #state: MachineState = { kind: 'created' };
  #wait: DiskWait | null = null;
  #holds: readonly Hold[] = [];
  #progress = NO_PROGRESS;
  #thread: SessionThread | null = null;
  #halted = false;
  #started: (result: Result<Started>) => void = () => undefined;

  constructor(options: V86MachineOptions) {
    this.name = options.name;
    this.#options = options;
  }

  get state(): MachineState {
    return this.#state;
  }

  get wait(): DiskWait | null {
    return this.#wait;
  }

  get progress(): MachineProgress {
    return this.#progress;
  }

  on<Name extends keyof MachineEvents>(
    name: Name,
    listener: (event: MachineEvents[Name]) => void,
  ): () => void {
    return this.#events.on(name, listener);
  }

  async start(resume: ResumeOrder | null = null): Promise<Result<Started>> {
    const { memoryMiB, firmware, workerScript, stall = DEFAULT_STALL_LIMITS } = this.#options;
    if (!isOff(this.#state)) return this.#refuse('start');
    if (!memoryMiBSchema.max(V86_MOST_MEMORY_MIB).safeParse(memoryMiB).success) {
      const message = `${this.name}: ${memoryMiB} MiB of memory; give it ${MEMORY_MIB.least} to ${V86_MOST_MEMORY_MIB}`;
      return this.#failed({ code: 'invalid-argument', message });
    }
    this.#enter({ kind: 'starting' });
    const disk = await this.#options.connectDisk(resume === null);
    if (this.#state.kind !== 'starting') {
      if (disk.ok) disk.value.close();
      return this.#stopped();
    }
    if (!disk.ok) return this.#failed(disk.failure);
    this.#progress = NO_PROGRESS;
    this.#halted = false;
    return new Promise((resolve) => {
      this.#started = resolve;
      this.#thread = new SessionThread(
        workerScript,
        { memoryMiB, firmware, disk: disk.value, stall, name: this.name, resume },
        {
          onReport: (report) => this.#receive(report),
          onDied: (why) =>
            this.#fail({ code: 'unsupported', message: `${this.name}: the emulator stopped: ${why}` }),
        },
      );
    });
  }

  pause(): Promise<Result<void>> {
    return this.#command('pause');
  }

  async resume(): Promise<Result<void>> {
    const result = await this.#command('resume');
    // A halted guest whose last writes could not be stored then: try to end it again.
    return result.ok && this.#halted ? this.#stopBecause('guest-halted') : result;
  }

  reset(): Promise<Result<void>> {
    return this.#command('reset');
  }

  async powerButton(): Promise<Result<void>> {
    if (!isAlive(this.#state)) return this.#refuse('press the power button');
    this.sendScancodes(CTRL_ALT_DELETE);
    return DONE;
  }

  /** Asks the guest to get ready to be saved for many ({@link HostLine.rest}); false where it does not do that. */
  rest(): Promise<Result<boolean>> {
    return this.#ask({ kind: 'rest' }, 'rest');
  }

  async save(order: SaveOrder): Promise<Result<number>> {
    const thread = this.#thread;
    if (thread === null || !isAlive(this.#state)) return this.#refuse('be saved');
    this.#enter({ kind: 'saving', fraction: 0 });
    const result = await thread.ask({ kind: 'save', order });
    if (this.#thread === thread) this.#enter(this.#fromHolds());
    return result;
  }

  async stop(): Promise<Result<void>> {
    // A guest that has not run yet has written nothing.
    if (this.#state.kind === 'starting') return this.#end({ kind: 'stopped', why: 'requested' });
    return this.#stopBecause('requested');
  }

  async kill(): Promise<Result<void>> {
    if (isOff(this.#state)) return DONE;
    return this.#end({ kind: 'stopped', why: 'killed' });
  }

  sendSerial(data: string | Uint8Array): void {
    this.#send({
      kind: 'serial',
      bytes: typeof data === 'string' ? new TextEncoder().encode(data) : Uint8Array.from(data),
    });
  }

  sendScancodes(codes: readonly number[]): void {
    this.#send({ kind: 'scancodes', codes });
  }

  #send(message: ToSession): void {
    if (isAlive(this.#state)) this.#thread?.send(message);
  }

  #receive(report: SessionReport): void {
    switch (report.kind) {
      case 'started':
        if (!report.result.ok) return this.#fail(report.result.failure);
        this.#enter(this.#fromHolds());
        return this.#started(report.result);
      case 'holds':
        this.#holds = report.holds;
        return this.#update();
      case 'wait':
        this.#wait = report.wait;
        this.#events.emit('wait', report.wait);
        return this.#update();
      case 'serial':
        return this.#events.emit('serial', report.bytes);
      case 'progress':
        this.#progress = report.progress;
        return this.#events.emit('progress', report.progress);
      case 'saving':
        if (this.#state.kind === 'saving') this.#enter(report);
        return;
      case 'halted':
        this.#halted = true;
        // A failure leaves the machine paused by its disk, where the user sees it.
        if (this.#options.stopWhenHalted !== false) void this.#stopBecause('guest-halted');
        return;
      case 'lost':
        return this.#fail(report.failure);
      default:
        assertNever(report);
    }
  }

  #command(kind: 'pause' | 'resume' | 'reset'): Promise<Result<void>> {
    return this.#ask({ kind }, kind);
  }

  /** @param what it does then, for the message when the state does not allow it */
  async #ask<Request extends SessionRequest>(
    request: Request,
    what: string,
  ): Promise<Result<SessionAnswers[Request['kind']]>> {
    if (this.#thread === null || !isAlive(this.#state)) return this.#refuse(what);
    return this.#thread.ask(request);
  }

  async #stopBecause(why: StopReason): Promise<Result<void>> {
    const thread = this.#thread;
    if (thread === null || !isAlive(this.#state)) return this.#refuse('stop');
    this.#enter({ kind: 'stopping' });
    const result = await thread.ask({ kind: 'stop' });
    if (this.#thread !== thread) return result;
    if (result.ok) return this.#end({ kind: 'stopped', why });
    this.#enter(this.#fromHolds());
    return result;
  }

  #fail(failure: Failure): void {
    void this.#failed(failure); // `start`, if it waits, and the state tell of it
  }

  async #failed(failure: Failure): Promise<Err> {
    await this.#end({ kind: 'failed', failure });
    return { ok: false, failure };
  }

  /** Ends the thread, if there is one, and tells whoever waits for it. */
  async #end(state: MachineState): Promise<Result<void>> {
    const thread = this.#thread;
    const failed: Err | null = state.kind === 'failed' ? { ok: false, failure: state.failure } : null;
    this.#thread = null;
    this.#holds = [];
    if (this.#wait) this.#events.emit('wait', (this.#wait = null));
    await thread?.end(failed ?? this.#stopped());
    this.#enter(state);
    this.#started(failed ?? this.#stopped());
    return DONE;
  }

  #stopped(): Err {
    return err('closed', `${this.name} was stopped`);
  }

  #update(): void {
    if (isAlive(this.#state)) this.#enter(this.#fromHolds());
  }

  #fromHolds(): MachineState {
    if (this.#holds.includes('user')) return { kind: 'paused', by: 'user' };
    if (this.#holds.includes('disk') && this.#wait) return { kind: 'paused', by: 'disk', wait: this.#wait };
    return { kind: 'running' };
  }

  #enter(state: MachineState): void {
    if (JSON.stringify(state) === JSON.stringify(this.#state)) return;
    this.#state = state;
    this.#events.emit('state', state);
  }

  #refuse(what: string): Err {
    return err('invalid-argument', `${this.name} is ${this.#state.kind}; it cannot ${what} now`, {
      words: ['machine-not-now', this.name],
    });
  }
}
