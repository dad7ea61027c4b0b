import type { GuestViewer } from './guest-viewer.ts';

/** From the bits of `MouseEvent.buttons` to those of RFB. */
const BUTTONS = [
  [1, 1],
  [4, 2],
  [2, 4],
] as const;
const WHEEL_UP = 8;
const WHEEL_DOWN = 16;
/** Of a wheel's way, in pixels, for one notch. */
const NOTCH_PIXELS = 50;
const LINE_PIXELS = 19;

const rfbButtons = (buttons: number) =>
  BUTTONS.reduce((bits, [theirs, ours]) => (buttons & theirs ? bits | ours : bits), 0);

/**
 * The mouse of a guest that wants to know its ways: a click on the stage captures it, and then all of its movements go
 * to the guest, until it is released. Guests that want places get them from noVNC, without any capture.
 */
export class MouseCapture {
  readonly #stage: HTMLElement;
  readonly #viewer: () => GuestViewer | null;
  readonly #onChange: (captured: boolean) => void;
  readonly #listening = new AbortController();
  #wheelPixels = 0;
  #releasing = false;

  /** @param onChange told when the mouse was captured or released */
  constructor(stage: HTMLElement, viewer: () => GuestViewer | null, onChange: (captured: boolean) => void) {
    this.#stage = stage;
    this.#viewer = viewer;
    this.#onChange = onChange;
    const options = { signal: this.#listening.signal, capture: true };
    for (const kind of ['mousedown', 'mouseup', 'mousemove'] as const) {
      stage.addEventListener(kind, (event) => this.#take(event, () => this.#mouse(event)), options);
    }
    stage.addEventListener('wheel', (event) => this.#take(event, () => this.#wheel(event)), {
      ...options,
      passive: false,
    });
    document.addEventListener('pointerlockchange', () => this.#changed(), options);
  }

  get captured(): boolean {
    return document.pointerLockElement === this.#stage;
  }

  release(): void {
    if (!this.captured) return;
    this.#releasing = true;
    document.exitPointerLock();
  }

  dispose(): void {
    this.release();
    this.#listening.abort();
  }

  /** Keeps an event from noVNC where it is ours. */
  #take(event: Event, use: () => void): void {
    if (!this.#viewer()?.pointerIsRelative && !this.captured) return;
    event.stopPropagation();
    event.preventDefault();
    use();
  }

  #mouse(event: MouseEvent): void {
    const viewer = this.#viewer();
    if (this.captured) {
      viewer?.moveMouse(event.movementX, event.movementY, rfbButtons(event.buttons));
    } else if (event.type === 'mousedown') {
      viewer?.focus({ preventScroll: true });
      // The first click only captures: the user cannot know yet where the guest's pointer is.
      void this.#capture();
    }
  }

  async #capture(): Promise<void> {
    try {
      await this.#stage.requestPointerLock();
    } catch {
      // Released a moment ago: browsers want a pause before the next time. The user clicks again.
    }
  }

  #wheel(event: WheelEvent): void {
    if (!this.captured) return;
    this.#wheelPixels +=
      event.deltaMode === WheelEvent.DOM_DELTA_PIXEL ? event.deltaY : event.deltaY * LINE_PIXELS;
    if (Math.abs(this.#wheelPixels) < NOTCH_PIXELS) return;
    const buttons = rfbButtons(event.buttons);
    this.#viewer()?.moveMouse(0, 0, buttons | (this.#wheelPixels < 0 ? WHEEL_UP : WHEEL_DOWN));
    this.#viewer()?.moveMouse(0, 0, buttons);
    this.#wheelPixels = 0;
  }

  #changed(): void {
    const { captured } = this;
    const wasOurs = this.#releasing;
    this.#releasing = false;
    if (!captured) {
      const viewer = this.#viewer();
      viewer?.moveMouse(0, 0, 0);
      // The browser takes Escape for itself while the mouse is captured; it was meant for the guest.
      if (!wasOurs && document.hasFocus()) viewer?.sendKey(0xff1b, 'Escape');
    }
    this.#onChange(captured);
  }
}
