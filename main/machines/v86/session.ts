import type { Clock } from '../../../shared/clock.ts';
import { OneAtATime } from '../../../shared/one-at-a-time.ts';
import { DONE, assertNever, because, err, ok, type Result } from '../../../shared/result.ts';
import { portChannel } from '../../rfb/port-channel.ts';
import { typedText } from '../../rfb/typed-text.ts';
import type { MachineProgress, ResumeOrder, SaveOrder, Started } from '../machine.ts';
import { GuestDrive, checkDrive, type DriveDevice } from './disk.ts';
import { Durability } from './durability.ts';
import type { CreateEmulator, Emulator, EmulatorConfig } from './emulator.ts';
import { loadGuest, saveGuest, type StateOwner } from './guest-state.ts';
import { HostLine } from './host-line.ts';
import type { FromSession, SessionRequest, SessionResult, ToSession } from './messages.ts';
import { KeyQueue } from './key-queue.ts';
import { PauseGate } from './pause-gate.ts';
import { RecentOutput } from './recent-output.ts';
import { Retry } from './retry.ts';
import { GuestConsole } from './screen/guest-console.ts';
import { SerialInput } from './serial-input.ts';
import { SerialOutput } from './serial-output.ts';
import { StallWatch, type StallLimits, type Watch } from './stall.ts';

const PROGRESS_INTERVAL_MS = 250;
/** Reads are waited for when a state is saved, but not for long: they can be repeated after it is restored. */
const READS_END_MS = 2000;

export type SessionConfig = Pick<EmulatorConfig, 'memoryMiB' | 'bios' | 'vgaBios' | 'wasmPath'>;

export interface SessionParts {
  readonly clock: Clock;
  /** Milliseconds since 1970. */
  readonly nowMs: () => number;
  readonly random: (bytes: number) => Uint8Array;
  /** Name and version of the emulator: whose states it can read. */
  readonly emulator: string;
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
  readonly #printed = new RecentOutput();
  /** What a guest that was saved had printed. */
  #printedBefore: Uint8Array = new Uint8Array();
  readonly #serialInput: SerialInput;
  readonly #keys: KeyQueue;
  readonly #console: GuestConsole;
  readonly #hostLine: HostLine;
  #memoryMiB = 0;
  #emulator: Emulator | null = null;
  #progress = '';
  /** Present while a flush has failed and none has succeeded since. */
  #flushFailed: Watch | null = null;
  /** Commands wait for one another. */
  readonly #commands = new OneAtATime();

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
      unread: () => this.#emulator?.unreadScancodes() ?? Number.POSITIVE_INFINITY,
    });
    this.#serialInput = new SerialInput(clock, {
      send: (bytes) => this.#emulator?.sendSerial(bytes),
      unread: () => this.#emulator?.unreadSerialBytes() ?? Number.POSITIVE_INFINITY,
    });
    this.#console = new GuestConsole(clock, { name: parts.name, onKey: (bytes) => this.#keys.push(bytes) });
    this.#hostLine = new HostLine({ ...parts, send: (bytes) => this.#emulator?.sendHostLine(bytes) });
    this.#serial = new SerialOutput(clock, (bytes) => this.#print(bytes));
  }

  /** Builds the machine and lets it run; reports `started`. */
  async start(config: SessionConfig, resume: ResumeOrder | null = null): Promise<void> {
    const result = await this.#start(config, resume);
    this.#parts.post({ kind: 'started', result });
    if (!result.ok) return;
    // Who started it listens now.
    if (this.#printedBefore.length > 0) this.#print(this.#printedBefore);
    this.#reportProgress();
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
      drive: this.#drive,
      flush: () => this.#drive.flush(),
      display: this.#console.display,
      restore: image,
      onSerialByte: (byte) => this.#serial.push(byte),
      onHostLineByte: (byte) => this.#hostLine.hear(byte),
      onHalted: () => {
        this.#serial.flush();
        this.#parts.post({ kind: 'halted' });
      },
    });
    this.#console.connect(this.#emulator);
    if (image !== null) this.#printedBefore = Buffer.from(image.around.printed, 'latin1');
    await this.#gate.attach(this.#hostLine.around(this.#emulator));
    return ok({ from: image === null ? 'disk' : 'saved-state', stateRefused });
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
    this.#reportProgress();
    this.#stall.dispose();
    this.#serial.flush();
    this.#forgetInput('The machine was stopped');
    this.#console.close();
    return this.#parts.device.close();
  }

  async #save(order: SaveOrder): Promise<Result<number>> {
    const paused = this.#gate.isHeldBy('user');
    await this.#gate.hold('user');
    const stored = await this.#storeWrites();
    const saved = stored.ok ? await this.#saveTo(order) : stored;
    if (saved.ok) return saved;
    if (!paused) await this.#gate.release('user');
    return because('The machine was not saved', saved);
  }

  async #saveTo(order: SaveOrder): Promise<Result<number>> {
    const { clock, nowMs, post } = this.#parts;
    await this.#drive.settleReads(clock, READS_END_MS);
    const guest = await this.#emulator?.save();
    if (guest === undefined) return err('invalid-argument', 'it has not started');
    this.#serial.flush();
    const image = {
      machine: guest.machine,
      around: { ...guest.around, listens: this.#hostLine.listens, printed: this.#printed.text },
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
    const result = await this.#storeWrites();
    if (!result.ok) return because(context, result);
    this.#drive.abandonReads();
    return DONE;
  }

  async #storeWrites(): Promise<Result<void>> {
    const written = await this.#drive.settleWrites();
    return written.ok ? this.#durability.flush() : written;
  }

  #print(bytes: Uint8Array): void {
    this.#printed.add(bytes);
    this.#parts.post({ kind: 'serial', bytes: Uint8Array.from(bytes) });
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
