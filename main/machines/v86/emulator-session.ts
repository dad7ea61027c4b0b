import { OneAtATime } from '../../../shared/one-at-a-time.ts';
import { DONE, assertNever, because, err, ok, type Result } from '../../../shared/result.ts';
import { portChannel } from '../../rfb/port-channel.ts';
import type { ResumeOrder, SaveOrder, Started } from '../machine.ts';
import { checkDrive } from './disk.ts';
import type { Emulator } from './emulator.ts';
import { GuestInput } from './guest-input.ts';
import { GuestOutput } from './guest-output.ts';
import { loadGuest, saveGuest, type StateOwner } from './guest-state.ts';
import { GuestStorage } from './guest-storage.ts';
import { HostLine } from './host-line.ts';
import type { SessionRequest, SessionResult, ToSession } from './messages.ts';
import { PauseGate } from './pause-gate.ts';
import { ProgressReport } from './progress-report.ts';
import { GuestConsole } from './screen/guest-console.ts';
import type { SessionConfig, SessionParts } from './session-parts.ts';

/** Reads are waited for when a state is saved, but not for long: they can be repeated after it is restored. */
const READS_END_MS = 2000;

/** One run of a machine, inside its worker thread: the emulator, its disk, and the commands from outside. */
export class EmulatorSession {
  readonly #parts: SessionParts;
  readonly #gate: PauseGate;
  readonly #storage: GuestStorage;
  readonly #input: GuestInput;
  readonly #output: GuestOutput;
  readonly #progress: ProgressReport;
  readonly #console: GuestConsole;
  readonly #hostLine: HostLine;
  #memoryMiB = 0;
  #emulator: Emulator | null = null;
  /** Commands wait for one another. */
  readonly #commands = new OneAtATime();

  constructor(parts: SessionParts) {
    const { clock, limits, device, post } = parts;
    this.#parts = parts;
    this.#gate = new PauseGate((holds) => post({ kind: 'holds', holds: [...holds] }));
    this.#storage = new GuestStorage(clock, limits, device, {
      onWait: (wait) => post({ kind: 'wait', wait }),
      onPause: () => void this.#gate.hold('disk'),
      onResume: () => void this.#gate.release('disk'),
      onLost: (failure) => post({ kind: 'lost', failure }),
    });
    this.#input = new GuestInput(clock, () => this.#emulator);
    this.#output = new GuestOutput(clock, (bytes) => post({ kind: 'serial', bytes }));
    this.#progress = new ProgressReport(
      clock,
      () => ({ instructions: this.#emulator?.instructions() ?? 0, ...this.#storage.drive.counters }),
      (progress) => post({ kind: 'progress', progress }),
    );
    this.#console = new GuestConsole(clock, { name: parts.name, onKey: (bytes) => this.#input.press(bytes) });
    this.#hostLine = new HostLine({ ...parts, send: (bytes) => this.#emulator?.sendHostLine(bytes) });
  }

  /** Builds the machine and lets it run; reports `started`. */
  async start(config: SessionConfig, resume: ResumeOrder | null = null): Promise<void> {
    const result = await this.#start(config, resume);
    this.#parts.post({ kind: 'started', result });
    if (!result.ok) return;
    this.#output.repeat();
    this.#progress.start();
  }

  async #start(config: SessionConfig, resume: ResumeOrder | null): Promise<Result<Started>> {
    const usable = checkDrive(this.#parts.device);
    if (!usable.ok) return usable;
    this.#memoryMiB = config.memoryMiB;
    const found = await loadGuest(resume, this.#owner);
    if (!found.ok) return found;
    const { image, stateRefused } = found.value;
    if (image !== null) this.#hostLine.restored(image.around.listens, resume?.shared === true);
    this.#emulator = await this.#parts.createEmulator({
      ...config,
      drive: this.#storage.drive,
      flush: () => this.#storage.drive.flush(),
      display: this.#console.display,
      restore: image,
      onSerialByte: (byte) => this.#output.push(byte),
      onHostLineByte: (byte) => this.#hostLine.hear(byte),
      onHalted: () => {
        this.#output.flush();
        this.#parts.post({ kind: 'halted' });
      },
    });
    this.#console.connect(this.#emulator);
    if (image !== null) this.#output.restored(image.around.printed);
    await this.#gate.attach(this.#hostLine.around(this.#emulator));
    return ok({ from: image === null ? 'disk' : 'saved-state', stateRefused });
  }

  receive(message: ToSession): void {
    switch (message.kind) {
      case 'serial':
        return this.#input.sendSerial(message.bytes);
      case 'scancodes':
        return this.#input.press(message.codes);
      case 'viewer':
        return this.#console.attach(portChannel(message.port));
      case 'request': {
        const { id, request } = message;
        void this.#answer(request).then((result) => this.#parts.post({ kind: 'reply', id, result }));
        return;
      }
      default:
        assertNever(message);
    }
  }

  async #answer(request: SessionRequest): Promise<SessionResult> {
    switch (request.kind) {
      case 'screenshot':
        return ok(this.#console.screenshot());
      case 'screen-text':
        return ok(this.#console.text());
      case 'type':
        return this.#input.type(request.text);
      case 'rest':
        return ok(await this.#hostLine.rest());
      case 'save':
        return this.#commands.run(() => this.#save(request.order));
      case 'pause':
        return this.#commands.run(() => this.#pause());
      case 'resume':
        return this.#commands.run(() => this.#resume());
      case 'reset':
        return this.#commands.run(() => this.#reset());
      case 'stop':
        return this.#commands.run(() => this.#stop());
      default:
        return assertNever(request);
    }
  }

  async #pause(): Promise<Result<void>> {
    await this.#gate.hold('user');
    return this.#storage.flush();
  }

  async #resume(): Promise<Result<void>> {
    this.#storage.tryAgain();
    await this.#gate.release('user');
    return DONE;
  }

  async #reset(): Promise<Result<void>> {
    const settled = await this.#settle('The machine was not reset');
    if (settled.ok) {
      this.#input.clear('The machine was reset');
      this.#hostLine.reset();
      this.#emulator?.restart();
    }
    await this.#gate.release('command');
    return settled;
  }

  async #stop(): Promise<Result<void>> {
    const settled = await this.#settle('The machine was not stopped');
    if (!settled.ok) {
      await this.#gate.release('command');
      return settled;
    }
    this.#progress.once();
    this.#storage.dispose();
    this.#output.flush();
    this.#input.clear('The machine was stopped');
    this.#console.close();
    return this.#parts.device.close();
  }

  async #save(order: SaveOrder): Promise<Result<number>> {
    const paused = this.#gate.isHeldBy('user');
    await this.#gate.hold('user');
    const stored = await this.#storage.store();
    const saved = stored.ok ? await this.#saveTo(order) : stored;
    if (saved.ok) return saved;
    if (!paused) await this.#gate.release('user');
    return because('The machine was not saved', saved);
  }

  async #saveTo(order: SaveOrder): Promise<Result<number>> {
    const { clock, nowMs, post } = this.#parts;
    await this.#storage.drive.settleReads(clock, READS_END_MS);
    const guest = await this.#emulator?.save();
    if (guest === undefined) return err('invalid-argument', 'it has not started');
    this.#output.flush();
    const image = {
      machine: guest.machine,
      around: { ...guest.around, listens: this.#hostLine.listens, printed: this.#output.recent },
    };
    return saveGuest(image, order, { ...this.#owner, savedAtMs: nowMs() }, (fraction) =>
      post({ kind: 'saving', fraction }),
    );
  }

  get #owner(): StateOwner {
    const { emulator, device } = this.#parts;
    return { emulator, memoryMiB: this.#memoryMiB, diskBytes: device.lengthBytes };
  }

  /**
   * Brings the machine to a standstill in which everything written is durable and no request is in flight. When that
   * fails the guest can go on as if nothing had been asked: reads are given up only when nothing can fail any more.
   */
  async #settle(context: string): Promise<Result<void>> {
    await this.#gate.hold('command');
    const result = await this.#storage.store();
    if (!result.ok) return because(context, result);
    this.#storage.drive.abandonReads();
    return DONE;
  }
}
