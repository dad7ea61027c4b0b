import { assertNever } from '../../shared/result.ts';
import { ByteQueue } from './byte-queue.ts';
import type { RfbChannel } from './channel.ts';
import { nextMessage, type ClientMessage } from './client-message.ts';
import { Damage } from './damage.ts';
import { encodeRectangle, header, type ViewerTaste } from './encode-rectangle.ts';
import { ENCODING } from './encodings.ts';
import type { Framebuffer } from './framebuffer.ts';
import { ViewerKeyboard } from './keyboard.ts';
import { NATIVE_FORMAT, PIXEL_FORMAT_BYTES, writePixelFormat } from './pixel-format.ts';
import type { Rectangle } from './rectangle.ts';

export interface PointerState {
  /** A place on the picture, in pixels, which may lie outside; or, where it is relative, the way from the last place. */
  readonly x: number;
  readonly y: number;
  readonly relative: boolean;
  /** Bit 0 left, 1 middle, 2 right, 3 wheel up, 4 wheel down. */
  readonly buttons: number;
}

/** What the guest's pointing device tells the guest: places, like a tablet, or ways, like a mouse. */
export type PointerKind = 'absolute' | 'relative';

export interface ViewerInput {
  /** Scan codes of set 1: one key down or up. */
  onKey(bytes: readonly number[]): void;
  onPointer(pointer: PointerState): void;
}

type Phase = 'version' | 'security' | 'init' | 'open' | 'closed';

const PROTOCOL = 'RFB 003.008\n';
const SECURITY_NONE = 1;
/** Status of a reply to a viewer that would change the size: "resize is administratively prohibited". */
const BY_VIEWER = 1;
const PROHIBITED = 1;
/** The place that stands for no movement where ways are told. */
const RELATIVE_ORIGIN = 0x7fff;

/** One viewer of a picture: RFC 6143, versions 3.3 to 3.8, server's side. */
export class Viewer {
  readonly #channel: RfbChannel;
  readonly #framebuffer: Framebuffer;
  readonly #name: string;
  readonly #input: ViewerInput;
  readonly #keyboard: ViewerKeyboard;
  readonly #onEnd: (viewer: Viewer) => void;
  readonly #received = new ByteQueue();
  readonly #damage = new Damage();
  /** The size the viewer believes in. */
  #size = { width: 0, height: 0 };
  #phase: Phase = 'version';
  /** Of protocol 3. */
  #minorVersion = 8;
  #taste: ViewerTaste = { format: NATIVE_FORMAT, tight: false, compressPhotos: false };
  #encodings: ReadonlySet<number> = new Set();
  #extendedKeysOffered = false;
  #requested = false;
  #resizeRefused = false;
  /** The size of the picture that {@link #damage} was set up for. */
  #seen = { width: 0, height: 0 };
  #buttons = 0;
  /** What the viewer was told of the guest's pointing device; it is told only if it knows the extension. */
  #pointerKind: PointerKind = 'absolute';
  readonly #guestPointer: () => PointerKind;

  constructor(
    channel: RfbChannel,
    parts: {
      readonly framebuffer: Framebuffer;
      readonly name: string;
      readonly input: ViewerInput;
      readonly pointer: () => PointerKind;
      readonly onEnd: (viewer: Viewer) => void;
    },
  ) {
    this.#channel = channel;
    this.#framebuffer = parts.framebuffer;
    this.#name = parts.name;
    this.#input = parts.input;
    this.#guestPointer = parts.pointer;
    this.#onEnd = parts.onEnd;
    this.#keyboard = new ViewerKeyboard((bytes) => parts.input.onKey(bytes));
    channel.listen({
      onBytes: (bytes) => this.#receive(bytes),
      onDrain: () => this.update(),
      onClose: () => this.#end(),
    });
    this.#send([Buffer.from(PROTOCOL)]);
  }

  damaged(area: Rectangle): void {
    this.#damage.add(area);
  }

  /** Sends what changed, if the viewer asked for it and takes it. */
  update(): void {
    if (this.#phase !== 'open' || !this.#requested || this.#channel.congested) return;
    const pseudo = this.#announcements();
    const rectangles = this.#damage.take();
    if (pseudo.length + rectangles.length === 0) return;
    this.#requested = false;
    const count = pseudo.length + rectangles.length;
    this.#send([
      Uint8Array.of(0, 0, count >> 8, count),
      ...pseudo,
      ...rectangles.flatMap((rectangle) => encodeRectangle(this.#framebuffer, rectangle, this.#taste)),
    ]);
  }

  close(reason: string | null): void {
    if (this.#phase === 'closed') return;
    this.#channel.close(reason);
    this.#end();
  }

  #end(): void {
    if (this.#phase === 'closed') return;
    this.#phase = 'closed';
    this.#keyboard.release();
    if (this.#buttons !== 0) this.#input.onPointer({ x: 0, y: 0, relative: true, buttons: 0 });
    this.#onEnd(this);
  }

  #send(parts: readonly Uint8Array[]): void {
    const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const part of parts) {
      whole.set(part, at);
      at += part.length;
    }
    this.#channel.send(whole);
  }

  #receive(bytes: Uint8Array): void {
    this.#received.push(bytes);
    while (this.#step());
  }

  /** Goes on as far as the next message allows. @returns whether there may be another one. */
  #step(): boolean {
    switch (this.#phase) {
      case 'version':
        return this.#readVersion();
      case 'security':
        return this.#readSecurity();
      case 'init':
        return this.#readInit();
      case 'open':
        return this.#readMessage();
      case 'closed':
        return false;
      default:
        return assertNever(this.#phase);
    }
  }

  #readVersion(): boolean {
    const view = this.#received.peek(PROTOCOL.length);
    if (view === null) return false;
    const version = Buffer.from(view.buffer, view.byteOffset, view.byteLength).toString('latin1');
    const minor = /^RFB 003\.(\d{3})\n$/.exec(version)?.[1];
    if (minor === undefined) return this.#refuse('The viewer does not speak RFB 3');
    this.#received.drop(PROTOCOL.length);
    // RFC 6143, 7.1.1: other numbers are to be taken as 3.3.
    this.#minorVersion = minor === '007' ? 7 : Number(minor) >= 8 ? 8 : 3;
    if (this.#minorVersion === 3) {
      this.#send([Uint8Array.of(0, 0, 0, SECURITY_NONE)]);
      this.#phase = 'init';
    } else {
      this.#send([Uint8Array.of(1, SECURITY_NONE)]);
      this.#phase = 'security';
    }
    return true;
  }

  #readSecurity(): boolean {
    const view = this.#received.peek(1);
    if (view === null) return false;
    if (view.getUint8(0) !== SECURITY_NONE)
      return this.#refuse('The viewer wants a security that is not offered');
    this.#received.drop(1);
    if (this.#minorVersion >= 8) this.#send([Uint8Array.of(0, 0, 0, 0)]);
    this.#phase = 'init';
    return true;
  }

  #readInit(): boolean {
    if (this.#received.peek(1) === null) return false;
    this.#received.drop(1); // Others always stay connected.
    const { width, height } = this.#framebuffer;
    const name = Buffer.from(this.#name);
    const view = new DataView(new ArrayBuffer(8 + PIXEL_FORMAT_BYTES));
    view.setUint16(0, width);
    view.setUint16(2, height);
    writePixelFormat(view, 4, NATIVE_FORMAT);
    view.setUint32(4 + PIXEL_FORMAT_BYTES, name.length);
    this.#send([new Uint8Array(view.buffer), name]);
    this.#resized(width, height);
    this.#phase = 'open';
    return true;
  }

  #readMessage(): boolean {
    const message = nextMessage(this.#received);
    if (!message.ok) return this.#refuse(message.failure.message);
    if (message.value === null) return false;
    this.#handle(message.value);
    return true;
  }

  #handle(message: ClientMessage): void {
    switch (message.kind) {
      case 'pixel-format':
        this.#taste = { ...this.#taste, format: message.format };
        return;
      case 'encodings':
        return this.#choose(message.encodings);
      case 'update-request':
        if (!message.incremental) this.#damage.add(message.area);
        this.#requested = true;
        return this.update();
      case 'key':
        return this.#keyboard.keysym(message.keysym, message.down);
      case 'extended-key':
        return this.#keyboard.place(message.xtCode, message.down);
      case 'pointer':
        return this.#movePointer(message.x, message.y, message.buttons);
      case 'cut-text':
        return;
      case 'set-desktop-size':
        this.#resizeRefused = true;
        return this.update();
      default:
        assertNever(message);
    }
  }

  #movePointer(x: number, y: number, buttons: number): void {
    this.#buttons = buttons;
    const relative = this.#pointerKind === 'relative';
    const origin = relative ? RELATIVE_ORIGIN : 0;
    this.#input.onPointer({ x: x - origin, y: y - origin, relative, buttons });
  }

  #choose(encodings: ReadonlySet<number>): void {
    this.#encodings = encodings;
    const level0 = ENCODING.compressLevel0;
    const levels = [...encodings].filter((encoding) => encoding > level0 && encoding <= level0 + 9);
    this.#taste = {
      ...this.#taste,
      tight: encodings.has(ENCODING.tight),
      compressPhotos: levels.length > 0,
    };
    this.#extendedKeysOffered = false;
  }

  /** Pseudo-rectangles: what the viewer should know before pixels. */
  #announcements(): Uint8Array[] {
    const known = this.#encodings;
    const news: Uint8Array[] = [];
    if (known.has(ENCODING.qemuExtendedKeyEvent) && !this.#extendedKeysOffered) {
      this.#extendedKeysOffered = true;
      news.push(header({ x: 0, y: 0, width: 0, height: 0 }, ENCODING.qemuExtendedKeyEvent));
    }
    const pointer = this.#guestPointer();
    if (known.has(ENCODING.qemuPointerMotionChange) && pointer !== this.#pointerKind) {
      this.#pointerKind = pointer;
      const x = pointer === 'absolute' ? 1 : 0;
      news.push(header({ x, y: 0, width: 0, height: 0 }, ENCODING.qemuPointerMotionChange));
    }
    const { width, height } = this.#framebuffer;
    const isNew = width !== this.#seen.width || height !== this.#seen.height;
    if (known.has(ENCODING.extendedDesktopSize)) {
      if (this.#resizeRefused) news.push(extendedSize(width, height, BY_VIEWER, PROHIBITED));
      else if (isNew) news.push(extendedSize(width, height, 0, 0));
      this.#resizeRefused = false;
    } else if (isNew && known.has(ENCODING.desktopSize)) {
      news.push(header({ x: 0, y: 0, width, height }, ENCODING.desktopSize));
    } else if (isNew) {
      // It cannot be told. It keeps its size and sees what fits.
      this.#seen = { width, height };
      this.#damage.resize(Math.min(width, this.#size.width), Math.min(height, this.#size.height));
      this.#damage.add({ x: 0, y: 0, width, height });
      return news;
    }
    if (isNew) this.#resized(width, height);
    return news;
  }

  #resized(width: number, height: number): void {
    this.#size = { width, height };
    this.#seen = this.#size;
    this.#damage.resize(width, height);
    this.#damage.add({ x: 0, y: 0, width, height });
  }

  #refuse(reason: string): false {
    this.close(reason);
    return false;
  }
}

/** One screen over the whole picture. */
function extendedSize(width: number, height: number, reason: number, status: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(12 + 20));
  new Uint8Array(view.buffer).set(
    header({ x: reason, y: status, width, height }, ENCODING.extendedDesktopSize),
  );
  view.setUint8(12, 1);
  view.setUint16(12 + 4 + 8, width);
  view.setUint16(12 + 4 + 10, height);
  return new Uint8Array(view.buffer);
}
