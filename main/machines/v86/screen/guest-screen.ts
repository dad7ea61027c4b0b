import type { Framebuffer } from '../../../rfb/framebuffer.ts';
import type { Rectangle } from '../../../rfb/rectangle.ts';
import type { PointerKind } from '../../../rfb/viewer.ts';
import type { Cell, Display, FontChange, Layer } from './display.ts';
import { drawLayer } from './graphics-screen.ts';
import { TextScreen } from './text-screen.ts';

/** Larger modes than v86 has are a mistake. */
const MAX_WIDTH = 2560;
const MAX_HEIGHT = 1600;

/** The guest's screen, text or graphics, as one picture. */
export class GuestScreen implements Display {
  readonly #framebuffer: Framebuffer;
  readonly #refresh: () => void;
  readonly #onStale: () => void;
  readonly #onPointer: () => void;
  #pointer: PointerKind = 'absolute';
  readonly #text = new TextScreen();
  #graphics = { width: 640, height: 480 };
  #graphical = false;
  #drawn: Rectangle[] = [];

  /**
   * @param parts.refresh has the emulator call {@link drawLayers} with what is new of a graphics mode
   * @param parts.onStale called when the picture of a text mode is no longer up to date, or the mode changed
   * @param parts.onPointer called when {@link pointer} is another one
   */
  constructor(parts: {
    readonly framebuffer: Framebuffer;
    readonly refresh: () => void;
    readonly onStale: () => void;
    readonly onPointer: () => void;
  }) {
    this.#framebuffer = parts.framebuffer;
    this.#refresh = parts.refresh;
    this.#onStale = parts.onStale;
    this.#onPointer = parts.onPointer;
    this.#framebuffer.resize(this.#text.width, this.#text.height);
  }

  get graphical(): boolean {
    return this.#graphical;
  }

  get pointer(): PointerKind {
    return this.#pointer;
  }

  /** Null in graphics modes. */
  get lines(): readonly string[] | null {
    return this.#graphical ? null : this.#text.lines;
  }

  /** Brings the picture up to date. @returns what changed */
  capture(): Rectangle[] {
    const { width, height } = this.#graphical ? this.#graphics : this.#text;
    const resized = this.#framebuffer.resize(width, height);
    if (resized) this.#text.spoil();
    if (this.#graphical) this.#refresh();
    else if (this.#text.stale) this.#drawn.push(...this.#text.draw(this.#framebuffer));
    const drawn = resized ? [{ x: 0, y: 0, width, height }] : this.#drawn;
    this.#drawn = [];
    return drawn;
  }

  setMode(graphical: boolean): void {
    if (graphical === this.#graphical) return;
    this.#graphical = graphical;
    this.#text.spoil();
    this.#onStale();
  }

  setGraphicsSize(width: number, height: number): void {
    this.#graphics = {
      width: Math.min(Math.max(width, 1), MAX_WIDTH),
      height: Math.min(Math.max(height, 1), MAX_HEIGHT),
    };
    this.#onStale();
  }

  drawLayers(layers: readonly Layer[]): void {
    for (const layer of layers) {
      // Not by one call with all of them as arguments: there may be more than a call takes.
      for (const area of drawLayer(this.#framebuffer, layer)) this.#drawn.push(area);
    }
  }

  setPointer(kind: PointerKind): void {
    if (kind === this.#pointer) return;
    this.#pointer = kind;
    this.#onPointer();
  }

  clear(): void {
    const { width, height, pixels } = this.#framebuffer;
    if (!this.#graphical || pixels.every((pixel) => pixel === 0xff000000)) return;
    pixels.fill(0xff000000);
    this.#drawn.push({ x: 0, y: 0, width, height });
    this.#onStale();
  }

  setTextSize(columns: number, rows: number): void {
    this.#text.resize(columns, rows);
    this.#textChanged();
  }

  setFont(font: FontChange): void {
    this.#text.setFont(font);
    this.#textChanged();
  }

  setFontPages(plain: number, marked: number): void {
    this.#text.setFontPages(plain, marked);
    this.#textChanged();
  }

  putCharacter(row: number, column: number, cell: Cell): void {
    this.#text.put(row, column, cell);
    this.#textChanged();
  }

  setCursorShape(firstLine: number, lastLine: number, visible: boolean): void {
    this.#text.setCursorShape(firstLine, lastLine, visible);
    this.#textChanged();
  }

  setCursor(row: number, column: number): void {
    this.#text.setCursor(row, column);
    this.#textChanged();
  }

  #textChanged(): void {
    if (!this.#graphical && this.#text.stale) this.#onStale();
  }
}
