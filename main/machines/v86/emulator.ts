import type { Event, V86Image, V86Options } from 'v86';
import { MIB } from '../../../shared/units.ts';
import type { V86Drive } from './drive.ts';
import { GuestClock } from './guest-clock.ts';
import { forwardGuestFlushes } from './guest-flush.ts';
import type { GuestImage } from './guest-image.ts';
import type { Engine } from './pause-gate.ts';
import { connectDisplay, type DisplayConnection } from './screen/connect-display.ts';
import type { Display } from './screen/display.ts';
import { provideImageData } from './screen/image-data.ts';
import { sleepWhenIdle } from './idle-sleep.ts';
import { repeatUnfinishedRequest } from './unfinished-request.ts';

/** The emulator as the rest of the program sees it. Only this module knows v86's own interface and its gaps. */
export interface Emulator extends Engine {
  /** Resets processor and devices; memory is kept, as by a reset button. */
  restart(): void;
  sendSerial(bytes: Uint8Array): void;
  sendScancodes(codes: readonly number[]): void;
  /** How many of the scan codes, and of the bytes of its serial port, the guest has not read yet. */
  unreadScancodes(): number;
  unreadSerialBytes(): number;
  /** Sends to the second serial port. */
  sendHostLine(bytes: Uint8Array): void;
  /** The guest as it is. It must be standing still, with its writes stored. */
  save(): Promise<SavedGuest>;
  /** The picture and the mouse. */
  readonly display: DisplayConnection;
  /** Instructions executed so far. Ask at least every few seconds: v86 counts in 32 bits. */
  instructions(): number;
}

export interface EmulatorConfig {
  readonly memoryMiB: number;
  readonly bios: Uint8Array;
  readonly vgaBios: Uint8Array;
  /** Where v86's `v86.wasm` is. */
  readonly wasmPath: string;
  readonly drive: V86Drive;
  /** Answers the guest's flush commands. */
  readonly flush: () => Promise<void>;
  /** Where the guest's picture goes. */
  readonly display: Display;
  readonly onSerialByte: (byte: number) => void;
  /** From the second serial port. */
  readonly onHostLineByte: (byte: number) => void;
  /** The guest to go on with; null to start the machine from its disk. */
  readonly restore: SavedGuest | null;
  /** The processor was halted with interrupts off: only a reset can wake it. */
  readonly onHalted: () => void;
}

/** What of a guest is the emulator's. */
export interface SavedGuest {
  readonly machine: GuestImage['machine'];
  readonly around: Pick<GuestImage['around'], 'clockMs' | 'unread'>;
}

/** The parts of v86 that its declarations do not tell of. */
interface Internals {
  readonly v86: {
    readonly cpu: {
      readonly devices: {
        readonly ps2: { readonly kbd_buffer: { readonly length: number } };
        readonly uart0: { readonly input: readonly number[] };
        readonly uart1: { readonly input: readonly number[] };
      };
    };
  };
}

export type CreateEmulator = (config: EmulatorConfig) => Promise<Emulator>;

/** Builds a machine, which reads the first sector of its disk, and leaves it stopped. Throws on a state that is none. */
export const createEmulator: CreateEmulator = async (config) => {
  const options: V86Options = {
    wasm_path: config.wasmPath,
    memory_size: config.memoryMiB * MIB,
    bios: image(config.bios),
    vga_bios: image(config.vgaBios),
    // The declarations know no drive objects, yet v86 takes them as they are.
    hda: config.drive as unknown as V86Image,
    autostart: false,
    disable_mouse: true,
    disable_speaker: true,
    uart1: true,
  };
  const { restore } = config;
  const clock = new GuestClock(performance.now.bind(performance), restore?.around.clockMs);
  provideImageData();
  const V86 = await loadV86(() => clock.now());
  const v86 = new V86(options);
  v86.add_listener('serial0-output-byte', config.onSerialByte);
  v86.add_listener('serial1-output-byte', config.onHostLineByte);
  v86.add_listener('cpu-event-halt' as keyof Event, config.onHalted);
  await new Promise<void>((resolve) => v86.add_listener('emulator-loaded', resolve));
  sleepWhenIdle(v86);
  const devices = () => (v86 as unknown as Internals).v86.cpu.devices;
  const display = connectDisplay(v86, config.display);
  // Restoring shows the picture, and builds the disk's interface anew.
  if (restore !== null) await v86.restore_state(restore.machine.buffer);
  forwardGuestFlushes(v86, config.flush);
  if (restore !== null) {
    restore.around.unread.forEach((bytes, port) => v86.serial_send_bytes(port, Uint8Array.from(bytes)));
    repeatUnfinishedRequest(v86);
  }

  let counted = 0;
  let last = 0;
  return {
    async run() {
      clock.go();
      await v86.run();
    },
    async stop() {
      await v86.stop();
      clock.stop();
    },
    restart() {
      v86.restart();
      display.restarted();
    },
    sendSerial: (bytes) => v86.serial_send_bytes(0, bytes),
    sendScancodes: (codes) => v86.keyboard_send_scancodes([...codes]),
    unreadScancodes: () => devices().ps2.kbd_buffer.length,
    unreadSerialBytes: () => devices().uart0.input.length,
    sendHostLine: (bytes) => v86.serial_send_bytes(1, bytes),
    async save() {
      const machine = new Uint8Array(await v86.save_state());
      const { uart0, uart1 } = devices();
      return { machine, around: { clockMs: clock.now(), unread: [[...uart0.input], [...uart1.input]] } };
    },
    display,
    instructions() {
      const now = v86.get_instruction_counter();
      counted += (now - last) >>> 0;
      last = now;
      return counted;
    },
  };
};

/**
 * Loads v86 with a clock of our choice. It takes `performance.now` as it finds it when it is loaded and offers no other
 * way; so this works once in a thread, for the thread's one machine.
 */
async function loadV86(now: () => number): Promise<typeof import('v86').V86> {
  performance.now = now;
  const { V86 } = await import('v86');
  Reflect.deleteProperty(performance, 'now');
  return V86;
}

/** v86 wants a buffer with nothing else in it. */
function image(bytes: Uint8Array): V86Image {
  return { buffer: Uint8Array.from(bytes).buffer };
}
