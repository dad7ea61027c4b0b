import type { Clock } from '../../../../shared/clock.ts';
import type { RfbChannel } from '../../../rfb/channel.ts';
import { Framebuffer } from '../../../rfb/framebuffer.ts';
import { encodePng } from '../../../rfb/png.ts';
import { RfbServer } from '../../../rfb/server.ts';
import type { PointerState } from '../../../rfb/viewer.ts';
import type { DisplayConnection } from './connect-display.ts';
import type { Display } from './display.ts';
import { GuestScreen } from './guest-screen.ts';

/** 30 frames a second while something moves. */
const FRAME_MS = 33;
/** A graphics mode must be looked at to know whether it changed; less often where it did not for a while. */
const QUIET_FRAME_MS = 100;
const QUIET_AFTER_FRAMES = 30;

/** What the console moves: the emulator, once it is there. */
export interface ConsoleGuest {
  readonly display: DisplayConnection;
}

/** Screen, keyboard and mouse of a guest, for any number of viewers. Without viewers it does no work. */
export class GuestConsole {
  readonly #clock: Clock;
  readonly #framebuffer = new Framebuffer();
  readonly #screen: GuestScreen;
  readonly #server: RfbServer;
  #guest: ConsoleGuest | null = null;
  #place = { x: 0, y: 0 };
  #buttons = 0;
  #lastFrameAt = Number.NEGATIVE_INFINITY;
  #frameAhead = false;
  /** Frames since something changed. */
  #quietFrames = 0;

  /** @param parts.onKey what viewers type: scan codes of set 1, one key down or up */
  constructor(
    clock: Clock,
    parts: { readonly name: string; readonly onKey: (bytes: readonly number[]) => void },
  ) {
    this.#clock = clock;
    this.#screen = new GuestScreen({
      framebuffer: this.#framebuffer,
      refresh: () => this.#guest?.display.refresh(),
      onStale: () => this.#wake(),
      onPointer: () => this.#server.changed([]),
    });
    this.#server = new RfbServer({
      framebuffer: this.#framebuffer,
      name: parts.name,
      input: { onKey: parts.onKey, onPointer: (pointer) => this.#movePointer(pointer) },
      pointer: () => this.#screen.pointer,
      onWatched: (watched) => {
        if (!watched) return;
        // What happened while nobody looked must not be missed by who looks first.
        this.#screen.capture();
        this.#wake();
      },
    });
  }

  get display(): Display {
    return this.#screen;
  }

  connect(guest: ConsoleGuest): void {
    this.#guest = guest;
  }

  attach(channel: RfbChannel): void {
    this.#server.attach(channel);
  }

  screenshot(): Uint8Array<ArrayBuffer> {
    this.#frame();
    return encodePng(this.#framebuffer);
  }

  /** One string a row; null in graphics modes. */
  text(): readonly string[] | null {
    return this.#screen.lines;
  }

  close(): void {
    this.#server.close(null);
  }

  #wake(): void {
    this.#quietFrames = 0;
    this.#schedule(FRAME_MS);
  }

  #schedule(intervalMs: number): void {
    if (this.#frameAhead || !this.#server.watched) return;
    this.#frameAhead = true;
    this.#clock.after(this.#lastFrameAt + intervalMs - this.#clock.now(), () => {
      this.#frameAhead = false;
      if (!this.#server.watched) return;
      this.#frame();
      if (this.#screen.graphical) {
        this.#schedule(this.#quietFrames > QUIET_AFTER_FRAMES ? QUIET_FRAME_MS : FRAME_MS);
      }
    });
  }

  #frame(): void {
    this.#lastFrameAt = this.#clock.now();
    const changed = this.#screen.capture();
    this.#quietFrames = changed.length > 0 ? 0 : this.#quietFrames + 1;
    if (changed.length > 0) this.#server.changed(changed);
  }

  #movePointer({ x, y, relative, buttons }: PointerState): void {
    const display = this.#guest?.display;
    if (!display) return;
    this.#quietFrames = 0;
    // A viewer that knows places only moves the mouse of a guest that knows ways only.
    const last = relative ? { x: 0, y: 0 } : this.#place;
    if (x !== last.x || y !== last.y) display.movePointer(x - last.x, y - last.y);
    if (!relative) {
      this.#place = { x, y };
      const { width, height } = this.#framebuffer;
      display.placePointer({ x, y, width, height });
    }
    const pressed = buttons & ~this.#buttons;
    const held = (buttons & 7) !== (this.#buttons & 7);
    this.#buttons = buttons;
    if (held) {
      display.pressButtons((buttons & 1) !== 0, (buttons & 2) !== 0, (buttons & 4) !== 0);
    }
    if (pressed & 8) display.turnWheel(1);
    if (pressed & 16) display.turnWheel(-1);
  }
}
