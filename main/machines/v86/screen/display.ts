import type { PointerKind } from '../../../rfb/viewer.ts';

/** What the emulated VGA tells whoever shows its picture: v86's screen adapter, in our words. */
export interface Display {
  /** Text or graphics. */
  setMode(graphical: boolean): void;
  setTextSize(columns: number, rows: number): void;
  setFont(font: FontChange): void;
  /** Which of the eight fonts in the font memory plain characters use, and marked ones. */
  setFontPages(plain: number, marked: number): void;
  putCharacter(row: number, column: number, cell: Cell): void;
  setCursorShape(firstLine: number, lastLine: number, visible: boolean): void;
  setCursor(row: number, column: number): void;
  setGraphicsSize(width: number, height: number): void;
  /** New pixels, after they were asked for. */
  drawLayers(layers: readonly Layer[]): void;
  /** The guest's driver wants ways of the mouse; or places, or nothing at all: then a click need not capture it. */
  setPointer(kind: PointerKind): void;
  /** The guest switched the picture off. */
  clear(): void;
}

export interface FontChange {
  readonly height: number;
  /** A ninth column, as the original adapter has. */
  readonly nineColumns: boolean;
  readonly doubleWidth: boolean;
  /** The ninth column repeats the eighth for the characters that draw lines. */
  readonly lineGraphics: boolean;
  /** 64 KiB: eight fonts of 256 characters of 32 lines, one byte a line. The guest may go on writing it. */
  readonly memory: Uint8Array;
}

export interface Cell {
  readonly character: number;
  readonly marked: boolean;
  /** 0xRRGGBB. */
  readonly background: number;
  readonly foreground: number;
}

/** A part of a picture, and where it goes on the screen. */
export interface Layer {
  readonly image: { readonly data: Uint8ClampedArray; readonly width: number };
  readonly imageX: number;
  readonly imageY: number;
  readonly width: number;
  readonly height: number;
  readonly screenX: number;
  readonly screenY: number;
}
