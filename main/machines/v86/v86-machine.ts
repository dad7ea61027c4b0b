import { DONE, assertNever, err, ok, type Err, type Failure, type Result } from '../../../shared/result.ts';
import {
  isAlive,
  isOff,
  type Machine,
  type MachineState,
  type ResumeOrder,
  type SaveOrder,
  type Started,
  type StopReason,
} from '../machine.ts';
import { ObservedMachine } from '../observed-machine.ts';
import type { ScreenSource } from '../screen.ts';
import { CTRL_ALT_DELETE } from './keyboard.ts';
import type { SessionAnswers, SessionRequest, ToSession } from './messages.ts';
import { checkMemory, type V86MachineOptions } from './options.ts';
import type { Hold } from './pause-gate.ts';
import { SessionThread, type SessionReport } from './session-thread.ts';
import { DEFAULT_STALL_LIMITS } from './stall.ts';
import { threadScreen } from './thread-screen.ts';

/**
 * A PC emulated by v86 in a worker thread of this process.
 *
 * It has no ACPI (v86's is incomplete: a guest that powers off would spin), so the power button presses
 * Ctrl-Alt-Delete: guests whose init answers it with a shutdown halt, and the machine stops; others reboot.
 */
export class V86Machine extends ObservedMachine implements Machine {
  readonly canSave = true;
  readonly screen: ScreenSource = threadScreen({
    thread: () => (this.#thread === null ? this.refuse('show its screen') : ok(this.#thread)),
    ask: (request, what) => this.#ask(request, what),
  });
  readonly #options: V86MachineOptions;
  #holds: readonly Hold[] = [];
  #thread: SessionThread | null = null;
  #halted = false;
  #started: (result: Result<Started>) => void = () => undefined;

  constructor(options: V86MachineOptions) {
    super(options.name);
    this.#options = options;
  }

  async start(resume: ResumeOrder | null = null): Promise<Result<Started>> {
    const { memoryMiB, firmware, workerScript, stall = DEFAULT_STALL_LIMITS } = this.#options;
    if (!isOff(this.state)) return this.refuse('start');
    const enough = checkMemory(this.#options);
    if (!enough.ok) return this.#failed(enough.failure);
    this.enter({ kind: 'starting' });
    const disk = await this.#options.connectDisk(resume === null);
    if (this.state.kind !== 'starting') {
      if (disk.ok) disk.value.close();
      return this.#stopped();
    }
    if (!disk.ok) return this.#failed(disk.failure);
    this.forgetProgress();
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
    if (!isAlive(this.state)) return this.refuse('press the power button');
    this.sendScancodes(CTRL_ALT_DELETE);
    return DONE;
  }

  /** Asks the guest to get ready to be saved for many ({@link HostLine.rest}); false where it does not do that. */
  rest(): Promise<Result<boolean>> {
    return this.#ask({ kind: 'rest' }, 'rest');
  }

  async save(order: SaveOrder): Promise<Result<number>> {
    const thread = this.#thread;
    if (thread === null || !isAlive(this.state)) return this.refuse('be saved');
    this.enter({ kind: 'saving', fraction: 0 });
    const result = await thread.ask({ kind: 'save', order });
    if (this.#thread === thread) this.enter(this.#fromHolds());
    return result;
  }

  async stop(): Promise<Result<void>> {
    // A guest that has not run yet has written nothing.
    if (this.state.kind === 'starting') return this.#end({ kind: 'stopped', why: 'requested' });
    return this.#stopBecause('requested');
  }

  async kill(): Promise<Result<void>> {
    if (isOff(this.state)) return DONE;
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
    if (isAlive(this.state)) this.#thread?.send(message);
  }

  #receive(report: SessionReport): void {
    switch (report.kind) {
      case 'started':
        if (!report.result.ok) return this.#fail(report.result.failure);
        this.enter(this.#fromHolds());
        return this.#started(report.result);
      case 'holds':
        this.#holds = report.holds;
        return this.#update();
      case 'wait':
        this.tellWait(report.wait);
        return this.#update();
      case 'serial':
        return this.tellSerial(report.bytes);
      case 'progress':
        return this.tellProgress(report.progress);
      case 'saving':
        if (this.state.kind === 'saving') this.enter(report);
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
    if (this.#thread === null || !isAlive(this.state)) return this.refuse(what);
    return this.#thread.ask(request);
  }

  async #stopBecause(why: StopReason): Promise<Result<void>> {
    const thread = this.#thread;
    if (thread === null || !isAlive(this.state)) return this.refuse('stop');
    this.enter({ kind: 'stopping' });
    const result = await thread.ask({ kind: 'stop' });
    if (this.#thread !== thread) return result;
    if (result.ok) return this.#end({ kind: 'stopped', why });
    this.enter(this.#fromHolds());
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
    if (this.wait) this.tellWait(null);
    await thread?.end(failed ?? this.#stopped());
    this.enter(state);
    this.#started(failed ?? this.#stopped());
    return DONE;
  }

  #stopped(): Err {
    return err('closed', `${this.name} was stopped`);
  }

  #update(): void {
    this.enterIfAlive(this.#fromHolds());
  }

  #fromHolds(): MachineState {
    if (this.#holds.includes('user')) return { kind: 'paused', by: 'user' };
    if (this.#holds.includes('disk') && this.wait) return { kind: 'paused', by: 'disk', wait: this.wait };
    return { kind: 'running' };
  }
}
