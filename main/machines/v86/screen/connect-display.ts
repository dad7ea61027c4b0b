import type { V86 } from 'v86';
import type { Display } from './display.ts';

/** The parts of v86 that its declarations do not tell of. */
interface Internals {
  readonly screen_adapter: ScreenAdapter;
  readonly bus: { send(name: string, data: unknown): void };
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
  /** Has v86 draw what changed of a graphics mode. */
  refresh(): void;
  movePointer(move: PointerMove): void;
  pressButtons(left: boolean, middle: boolean, right: boolean): void;
  /** One notch; 1 is up. */
  turnWheel(direction: 1 | -1): void;
}

/** Both as a place on the screen and as a way from the place before: guests have one of the two kinds of mouse. */
export interface PointerMove {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly deltaX: number;
  readonly deltaY: number;
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
  return {
    refresh: () => v86.cpu.devices.vga?.screen_fill_buffer(),
    movePointer: ({ x, y, width, height, deltaX, deltaY }) => {
      if (deltaX !== 0 || deltaY !== 0) bus.send('mouse-delta', [deltaX, -deltaY]);
      bus.send('mouse-absolute', [x, y, width, height]);
    },
    pressButtons: (left, middle, right) => bus.send('mouse-click', [left, middle, right]),
    turnWheel: (direction) => bus.send('mouse-wheel', [direction, 0]),
  };
}
