import type { Clock } from '../../../shared/clock.ts';
import { DONE, assertNever, because, ok, type Result } from '../../../shared/result.ts';
import { portChannel } from '../rfb/port-channel.ts';
import { typedText } from '../rfb/typed-text.ts';
import type { MachineProgress } from '../machine.ts';
import { GuestDrive, checkDrive, type DriveDevice } from './disk.ts';
import { Durability } from './durability.ts';
import type { CreateEmulator, Emulator, EmulatorConfig } from './emulator.ts';
import type { FromSession, SessionRequest, SessionResult, ToSession } from './messages.ts';
import { KeyQueue } from './key-queue.ts';
import { PauseGate } from './pause-gate.ts';
import { Retry } from './retry.ts';
import { GuestConsole } from './screen/guest-console.ts';
import { SerialInput } from './serial-input.ts';
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
  readonly #serialInput: SerialInput;
  readonly #keys: KeyQueue;
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
    this.#keys = new KeyQueue(clock, {
      send: (bytes) => this.#emulator?.sendScancodes(bytes),
      isReady: () => this.#emulator?.keysAreTaken() ?? false,
    });
    this.#serialInput = new SerialInput(clock, {
      send: (bytes) => this.#emulator?.sendSerial(bytes),
      unread: () => this.#emulator?.unreadSerialBytes() ?? Number.POSITIVE_INFINITY,
    });
    this.#console = new GuestConsole(clock, { name: parts.name, onKey: (bytes) => this.#keys.push(bytes) });
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
        // What does not fit any more is lost, as on a line whose other end does not listen.
        this.#serialInput.push(message.bytes);
        return;
      case 'scancodes':
        return this.#keys.push(message.codes);
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
        return this.#type(request.text);
      case 'pause':
        return this.#inTurn(() => this.#pause());
      case 'resume':
        return this.#inTurn(() => this.#resume());
      case 'reset':
        return this.#inTurn(() => this.#reset());
      case 'stop':
        return this.#inTurn(() => this.#stop());
      default:
        return assertNever(request);
    }
  }

  /** Commands wait for one another. */
  #inTurn(command: () => Promise<Result<void>>): Promise<Result<void>> {
    const result = this.#commands.then(command);
    this.#commands = result;
    return result;
  }

  async #type(text: string): Promise<Result<{ left: number }>> {
    const { keys, left } = typedText(text);
    const typed = await this.#keys.type(keys);
    return typed.ok ? ok({ left }) : typed;
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
    if (settled.ok) {
      this.#forgetInput('The machine was reset');
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
    this.#reportProgress();
    this.#stall.dispose();
    this.#serial.flush();
    this.#forgetInput('The machine was stopped');
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

  #forgetInput(reason: string): void {
    this.#keys.clear(reason);
    this.#serialInput.clear();
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
