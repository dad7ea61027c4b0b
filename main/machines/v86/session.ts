import type { Clock } from '../../../shared/clock.ts';
import { DONE, assertNever, because, type Result } from '../../../shared/result.ts';
import { portChannel } from '../rfb/port-channel.ts';
import type { MachineProgress } from '../machine.ts';
import { GuestDrive, checkDrive, type DriveDevice } from './disk.ts';
import { Durability } from './durability.ts';
import type { CreateEmulator, Emulator, EmulatorConfig } from './emulator.ts';
import type { FromSession, SessionCommand, ToSession } from './messages.ts';
import { PauseGate } from './pause-gate.ts';
import { Retry } from './retry.ts';
import { GuestConsole } from './screen/guest-console.ts';
import { SerialOutput } from './serial-output.ts';
import { StallWatch, type StallLimits, type Watch } from './stall.ts';

const PROGRESS_INTERVAL_MS = 250;

export interface SessionParts {
  readonly clock: Clock;
  /** What viewers of the screen show as the title. */
  readonly name: string;
  readonly limits: StallLimits;
  readonly device: DriveDevice & { close(): Promise<Result<void>> };
  readonly createEmulator: CreateEmulator;
  readonly post: (message: FromSession) => void;
}

/** One run of a machine, inside its worker thread: the emulator, its disk, and the commands from outside. */
export class Session {
  readonly #parts: SessionParts;
  readonly #gate: PauseGate;
  readonly #stall: StallWatch;
  readonly #retry: Retry;
  readonly #durability: Durability;
  readonly #drive: GuestDrive;
  readonly #serial: SerialOutput;
  readonly #console: GuestConsole;
  #emulator: Emulator | null = null;
  #progress = '';
  /** Present while a flush has failed and none has succeeded since. */
  #flushFailed: Watch | null = null;
  #commands: Promise<unknown> = Promise.resolve();

  constructor(parts: SessionParts) {
    const { clock, limits, device, post } = parts;
    this.#parts = parts;
    this.#gate = new PauseGate((holds) => post({ kind: 'holds', holds: [...holds] }));
    this.#stall = new StallWatch(clock, limits, {
      onWait: (wait) => post({ kind: 'wait', wait }),
      onPause: () => void this.#gate.hold('disk'),
      onResume: () => void this.#gate.release('disk'),
    });
    this.#retry = new Retry(clock);
    this.#durability = new Durability(clock, () => this.#flushDevice());
    this.#drive = new GuestDrive(device, {
      stall: this.#stall,
      retry: this.#retry,
      durability: this.#durability,
      onLost: (failure) => post({ kind: 'lost', failure }),
    });
    this.#console = new GuestConsole(clock, parts.name);
    this.#serial = new SerialOutput(clock, (bytes) => post({ kind: 'serial', bytes }));
  }

  /** Builds the machine and lets it run; reports `started`. */
  async start(config: Pick<EmulatorConfig, 'memoryMiB' | 'bios' | 'vgaBios' | 'wasmPath'>): Promise<void> {
    const usable = checkDrive(this.#parts.device);
    if (!usable.ok) {
      this.#parts.post({ kind: 'started', result: usable });
      return;
    }
    this.#emulator = await this.#parts.createEmulator({
      ...config,
      drive: this.#drive,
      flush: () => this.#drive.flush(),
      display: this.#console.display,
      onSerialByte: (byte) => this.#serial.push(byte),
      onHalted: () => {
        this.#serial.flush();
        this.#parts.post({ kind: 'halted' });
      },
    });
    this.#console.connect(this.#emulator);
    await this.#gate.attach(this.#emulator);
    this.#parts.post({ kind: 'started', result: DONE });
    this.#reportProgress();
  }

  receive(message: ToSession): void {
    switch (message.kind) {
      case 'serial':
        return this.#emulator?.sendSerial(message.bytes);
      case 'scancodes':
        return this.#emulator?.sendScancodes(message.codes);
      case 'text':
        return this.#emulator?.sendText(message.text);
      case 'viewer':
        return this.#console.attach(portChannel(message.port));
      case 'screen': {
        const { id, question } = message;
        const answer = question === 'text' ? this.#console.text() : this.#console.screenshot();
        return this.#parts.post({ kind: 'screen', id, answer });
      }
      case 'command': {
        const { id, command } = message;
        this.#commands = this.#commands.then(async () => {
          const result = await this.#execute(command);
          this.#parts.post({ kind: 'reply', id, result });
        });
        return;
      }
      default:
        assertNever(message);
    }
  }

  #execute(command: SessionCommand): Promise<Result<void>> {
    switch (command) {
      case 'pause':
        return this.#pause();
      case 'resume':
        return this.#resume();
      case 'reset':
        return this.#reset();
      case 'stop':
        return this.#stop();
      default:
        return assertNever(command);
    }
  }

  async #pause(): Promise<Result<void>> {
    await this.#gate.hold('user');
    return this.#durability.flush();
  }

  async #resume(): Promise<Result<void>> {
    this.#retry.kick();
    if (this.#flushFailed) void this.#durability.flush(); // reported by #flushDevice
    await this.#gate.release('user');
    return DONE;
  }

  async #reset(): Promise<Result<void>> {
    const settled = await this.#settle('The machine was not reset');
    if (settled.ok) this.#emulator?.restart();
    await this.#gate.release('command');
    return settled;
  }

  async #stop(): Promise<Result<void>> {
    const settled = await this.#settle('The machine was not stopped');
    if (!settled.ok) {
      await this.#gate.release('command');
      return settled;
    }
    this.#reportProgress();
    this.#stall.dispose();
    this.#serial.flush();
    this.#console.close();
    return this.#parts.device.close();
  }

  /**
   * Brings the machine to a standstill in which everything written is durable and no request is in flight. When that
   * fails the guest can go on as if nothing had been asked: reads are given up only when nothing can fail any more.
   */
  async #settle(context: string): Promise<Result<void>> {
    await this.#gate.hold('command');
    const written = await this.#drive.settleWrites();
    const result = written.ok ? await this.#durability.flush() : written;
    if (!result.ok) return because(context, result);
    this.#drive.abandonReads();
    return DONE;
  }

  async #flushDevice(): Promise<Result<void>> {
    const result = await this.#parts.device.flush();
    if (result.ok) {
      this.#flushFailed?.end();
      this.#flushFailed = null;
    } else {
      this.#flushFailed ??= this.#stall.begin({
        operation: 'flush',
        offset: 0,
        length: 0,
        retries: 'on-resume',
      });
      this.#flushFailed.failed(result.failure);
      if (result.failure.code === 'closed') this.#parts.post({ kind: 'lost', failure: result.failure });
    }
    return result;
  }

  #reportProgress(): void {
    const progress: MachineProgress = {
      instructions: this.#emulator?.instructions() ?? 0,
      ...this.#drive.counters,
    };
    const text = JSON.stringify(progress);
    if (text !== this.#progress) this.#parts.post({ kind: 'progress', progress });
    this.#progress = text;
    this.#parts.clock.after(PROGRESS_INTERVAL_MS, () => this.#reportProgress());
  }
}
