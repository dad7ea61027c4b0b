import RFB from '@novnc/novnc';

/** What this window understands, the best first: RFC 6143, 7.7 and 7.8, and the registry of extensions. */
const TIGHT = 7;
const RAW = 0;
const DESKTOP_SIZE = -223;
const EXTENDED_DESKTOP_SIZE = -308;
const QEMU_EXTENDED_KEY = -258;
const QEMU_POINTER_MOTION_CHANGE = -257;
/** Within one computer, compressing pictures takes more time than it saves. */
const COMPRESS_LEVEL_0 = -256;
const ENCODINGS = [
  TIGHT,
  RAW,
  COMPRESS_LEVEL_0,
  DESKTOP_SIZE,
  EXTENDED_DESKTOP_SIZE,
  QEMU_EXTENDED_KEY,
  QEMU_POINTER_MOTION_CHANGE,
];

/** The place that stands for no movement where ways are told. */
const ORIGIN = 0x7fff;

export interface Size {
  readonly width: number;
  readonly height: number;
}

/**
 * noVNC, and what it lacks for a machine without a tablet: QEMU's extension for the mouse. Sends `resize` when the
 * guest's picture has another size, and `pointer` when the guest wants another kind of pointing device.
 */
export class GuestViewer extends RFB {
  #pointerIsRelative = false;
  #size: Size = { width: 0, height: 0 };

  constructor(target: HTMLElement, channel: object) {
    super(target, channel, { shared: true });
    this.scaleViewport = true;
    this.background = 'transparent';
  }

  /** The guest wants to know the ways of a mouse, not places on the picture. */
  get pointerIsRelative(): boolean {
    return this.#pointerIsRelative;
  }

  /** Of the guest's picture, in its pixels; 0 by 0 until there is one. */
  get size(): Size {
    return this.#size;
  }

  /** @param buttons bit 0 left, 1 middle, 2 right, 3 wheel up, 4 wheel down */
  moveMouse(deltaX: number, deltaY: number, buttons: number): void {
    RFB.messages.pointerEvent(this._sock, ORIGIN + clamp(deltaX), ORIGIN + clamp(deltaY), buttons);
  }

  /** Lets go of all keys: others will be told when they are released. */
  releaseKeys(): void {
    this._keyboard._allKeysUp();
  }

  /** As PNG; null where there is nothing yet. */
  picture(): Promise<Blob | null> {
    return new Promise((resolve) => this.toBlob(resolve, 'image/png'));
  }

  protected override _sendEncodings(): void {
    RFB.messages.clientEncodings(this._sock, ENCODINGS);
  }

  protected override _handleRect(): boolean {
    if (this._FBU.encoding !== QEMU_POINTER_MOTION_CHANGE) return super._handleRect();
    this.#pointerIsRelative = this._FBU.x === 0;
    this.dispatchEvent(new Event('pointer'));
    return true;
  }

  protected override _resize(width: number, height: number): void {
    super._resize(width, height);
    this.#size = { width, height };
    this.dispatchEvent(new Event('resize'));
  }
}

function clamp(delta: number): number {
  return Math.max(-ORIGIN, Math.min(ORIGIN, Math.round(delta)));
}
