import type { V86 } from 'v86';
import type { Display } from './display.ts';

/** The parts of v86 that its declarations do not tell of. */
interface Internals {
  readonly screen_adapter: ScreenAdapter;
  readonly bus: {
    send(name: string, data: unknown): void;
    register(name: string, listener: (data: boolean) => void, self: object): void;
  };
  readonly v86: { readonly cpu: { readonly devices: { readonly vga?: { screen_fill_buffer(): void } } } };
}

interface ImageLayer {
  readonly image_data: { readonly data: Uint8ClampedArray; readonly width: number } | null | undefined;
  readonly screen_x: number;
  readonly screen_y: number;
  readonly buffer_x: number;
  readonly buffer_y: number;
  readonly buffer_width: number;
  readonly buffer_height: number;
}

interface ScreenAdapter {
  FLAG_FONT_PAGE_B: number;
  set_mode: (graphical: boolean) => void;
  set_size_text: (columns: number, rows: number) => void;
  set_size_graphical: (width: number, height: number) => void;
  set_font_bitmap: (
    height: number,
    nineColumns: boolean,
    doubleWidth: boolean,
    lineGraphics: boolean,
    memory: Uint8Array,
    changed: boolean,
  ) => void;
  set_font_page: (plain: number, marked: number) => void;
  put_char: (
    row: number,
    column: number,
    character: number,
    flags: number,
    background: number,
    foreground: number,
  ) => void;
  update_cursor_scanline: (first: number, last: number, visible: boolean) => void;
  update_cursor: (row: number, column: number) => void;
  update_buffer: (layers: readonly ImageLayer[]) => void;
  clear_screen: () => void;
}

export interface DisplayConnection {
  /** The machine was reset: nobody uses its mouse. */
  restarted(): void;
  /** Has v86 draw what changed of a graphics mode. */
  refresh(): void;
  /** The mouse is moved, in pixels to the right and down. */
  movePointer(deltaX: number, deltaY: number): void;
  /** For guests that have a driver of the VMware mouse. */
  placePointer(place: PointerPlace): void;
  pressButtons(left: boolean, middle: boolean, right: boolean): void;
  /** One notch; 1 is up. */
  turnWheel(direction: 1 | -1): void;
}

/** A place on the picture, and the picture's size. */
export interface PointerPlace {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** v86's VMware flag for the second font. */
const MARKED = 2;

/** Shows v86's picture on `display`, in place of its adapter for machines without a screen. Before the guest runs. */
export function connectDisplay(emulator: V86, display: Display): DisplayConnection {
  const { screen_adapter: adapter, bus, v86 } = emulator as unknown as Internals;
  adapter.FLAG_FONT_PAGE_B = MARKED;
  adapter.set_mode = (graphical) => display.setMode(graphical);
  // The original is kept: it holds the text for v86 itself.
  const setSizeText = adapter.set_size_text;
  adapter.set_size_text = (columns, rows) => {
    setSizeText(columns, rows);
    display.setTextSize(columns, rows);
  };
  adapter.set_size_graphical = (width, height) => display.setGraphicsSize(width, height);
  adapter.set_font_bitmap = (height, nineColumns, doubleWidth, lineGraphics, memory) =>
    display.setFont({ height, nineColumns, doubleWidth, lineGraphics, memory });
  adapter.set_font_page = (plain, marked) => display.setFontPages(plain, marked);
  adapter.put_char = (row, column, character, flags, background, foreground) =>
    display.putCharacter(row, column, {
      character,
      marked: (flags & MARKED) !== 0,
      background,
      foreground,
    });
  adapter.update_cursor_scanline = (first, last, visible) => display.setCursorShape(first, last, visible);
  adapter.update_cursor = (row, column) => display.setCursor(row, column);
  adapter.clear_screen = () => display.clear();
  adapter.update_buffer = (layers) =>
    display.drawLayers(
      layers.flatMap((layer) =>
        layer.image_data
          ? {
              image: layer.image_data,
              imageX: layer.buffer_x,
              imageY: layer.buffer_y,
              width: layer.buffer_width,
              height: layer.buffer_height,
              screenX: layer.screen_x,
              screenY: layer.screen_y,
            }
          : [],
      ),
    );
  /** What the guest's drivers asked of the emulated mouse. */
  const mouse = { used: false, absolute: false };
  const change = (asked: Partial<typeof mouse>) => {
    Object.assign(mouse, asked);
    display.setPointer(mouse.used && !mouse.absolute ? 'relative' : 'absolute');
  };
  bus.register('mouse-enable', (used) => change({ used }), mouse);
  bus.register('vmware-absolute-mouse', (absolute) => change({ absolute }), mouse);
  return {
    restarted: () => change({ used: false, absolute: false }),
    refresh: () => v86.cpu.devices.vga?.screen_fill_buffer(),
    movePointer: (deltaX, deltaY) => bus.send('mouse-delta', [deltaX, -deltaY]),
    placePointer: ({ x, y, width, height }) => bus.send('mouse-absolute', [x, y, width, height]),
    pressButtons: (left, middle, right) => bus.send('mouse-click', [left, middle, right]),
    turnWheel: (direction) => bus.send('mouse-wheel', [direction, 0]),
  };
}
