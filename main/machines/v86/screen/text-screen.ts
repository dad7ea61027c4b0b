import type { Framebuffer } from '../../../rfb/framebuffer.ts';
import type { Rectangle } from '../../../rfb/rectangle.ts';
import type { Cell, FontChange } from './display.ts';
import { characterOf } from './code-page-437.ts';

const FONT_BYTES = 8 * 256 * 32;
const LINES_PER_GLYPH = 32;
const MAX_COLUMNS = 256;
const MAX_ROWS = 128;
/** Characters that draw lines, which must touch across the ninth column. */
const isLineGraphic = (character: number) => character >= 0xc0 && character <= 0xdf;

interface Cursor {
  readonly row: number;
  readonly column: number;
  readonly firstLine: number;
  readonly lastLine: number;
  readonly visible: boolean;
}

/**
 * A screen of text: cells as the guest writes them, drawn with the font the guest loaded. The cursor and blinking
 * characters stand still: a picture in which nothing happens costs nothing.
 */
export class TextScreen {
  #columns = 80;
  #rows = 25;
  #characters = new Uint8Array(80 * 25);
  #marked = new Uint8Array(80 * 25);
  #backgrounds = new Int32Array(80 * 25);
  #foregrounds = new Int32Array(80 * 25);
  /** One flag a cell: 1 where the picture is behind. */
  #stale = new Uint8Array(80 * 25).fill(1);
  #anyStale = true;
  readonly #font = new Uint8Array(FONT_BYTES);
  #shape = { height: 16, width: 9, doubleWidth: false, lineGraphics: true };
  #pages: readonly [plain: number, marked: number] = [0, 0];
  #cursor: Cursor = { row: 0, column: 0, firstLine: 14, lastLine: 15, visible: false };

  get width(): number {
    return this.#columns * this.#shape.width;
  }

  get height(): number {
    return this.#rows * this.#shape.height;
  }

  get stale(): boolean {
    return this.#anyStale;
  }

  /** One string for each row, without the blanks at its end. */
  get lines(): readonly string[] {
    return Array.from({ length: this.#rows }, (_, row) =>
      Array.from(this.#characters.subarray(row * this.#columns, (row + 1) * this.#columns), characterOf)
        .join('')
        .trimEnd(),
    );
  }

  resize(columns: number, rows: number): void {
    const [newColumns, newRows] = [Math.min(columns, MAX_COLUMNS), Math.min(rows, MAX_ROWS)];
    if (newColumns === this.#columns && newRows === this.#rows) return;
    this.#columns = newColumns;
    this.#rows = newRows;
    const cells = newColumns * newRows;
    this.#characters = new Uint8Array(cells);
    this.#marked = new Uint8Array(cells);
    this.#backgrounds = new Int32Array(cells);
    this.#foregrounds = new Int32Array(cells);
    this.#stale = new Uint8Array(cells);
    this.spoil();
  }

  setFont({ height, nineColumns, doubleWidth, lineGraphics, memory }: FontChange): void {
    const width = doubleWidth ? 16 : nineColumns ? 9 : 8;
    this.#shape = { height: Math.min(height, LINES_PER_GLYPH), width, doubleWidth, lineGraphics };
    this.#font.set(memory.subarray(0, FONT_BYTES));
    this.spoil();
  }

  setFontPages(plain: number, marked: number): void {
    this.#pages = [plain & 7, marked & 7];
    this.spoil();
  }

  put(row: number, column: number, { character, marked, background, foreground }: Cell): void {
    if (row < 0 || column < 0 || row >= this.#rows || column >= this.#columns) return;
    const at = row * this.#columns + column;
    const mark = marked ? 1 : 0;
    // A guest that scrolls writes every cell; most are as they were.
    if (
      this.#characters[at] === character &&
      this.#backgrounds[at] === background &&
      this.#foregrounds[at] === foreground &&
      this.#marked[at] === mark
    ) {
      return;
    }
    this.#characters[at] = character;
    this.#backgrounds[at] = background;
    this.#foregrounds[at] = foreground;
    this.#marked[at] = mark;
    this.#stale[at] = 1;
    this.#anyStale = true;
  }

  setCursor(row: number, column: number): void {
    this.#changeCursor({ row, column });
  }

  setCursorShape(firstLine: number, lastLine: number, visible: boolean): void {
    this.#changeCursor({ firstLine, lastLine, visible });
  }

  /** Everything is to be drawn anew. */
  spoil(): void {
    this.#stale.fill(1);
    this.#anyStale = true;
  }

  /** Brings `to`, which has this screen's size, up to date. @returns what was drawn */
  draw(to: Framebuffer): Rectangle[] {
    const drawn: Rectangle[] = [];
    const { width, height } = this.#shape;
    for (let row = 0; row < this.#rows; row++) {
      let first = -1;
      for (let column = 0; column <= this.#columns; column++) {
        const at = row * this.#columns + column;
        const stale = column < this.#columns && this.#stale[at] === 1;
        if (stale) {
          if (first < 0) first = column;
          this.#drawCell(to, row, column);
          this.#stale[at] = 0;
        } else if (first >= 0) {
          drawn.push({ x: first * width, y: row * height, width: (column - first) * width, height });
          first = -1;
        }
      }
    }
    this.#anyStale = false;
    return drawn;
  }

  #changeCursor(change: Partial<Cursor>): void {
    this.#spoilCursor();
    this.#cursor = { ...this.#cursor, ...change };
    this.#spoilCursor();
  }

  #spoilCursor(): void {
    const { row, column } = this.#cursor;
    if (row < 0 || column < 0 || row >= this.#rows || column >= this.#columns) return;
    this.#stale[row * this.#columns + column] = 1;
    this.#anyStale = true;
  }

  #drawCell(to: Framebuffer, row: number, column: number): void {
    const at = row * this.#columns + column;
    const character = this.#characters[at] ?? 0;
    const background = pixelOf(this.#backgrounds[at] ?? 0);
    const foreground = pixelOf(this.#foregrounds[at] ?? 0);
    const { width, height, doubleWidth, lineGraphics } = this.#shape;
    const page = this.#pages[this.#marked[at] === 1 ? 1 : 0];
    const glyph = (page * 256 + character) * LINES_PER_GLYPH;
    const ninth = lineGraphics && isLineGraphic(character) ? 1 : 0;
    const { row: cursorRow, column: cursorColumn, firstLine, lastLine, visible } = this.#cursor;
    const underCursor = visible && row === cursorRow && column === cursorColumn;
    const { pixels, width: stride } = to;
    let target = row * height * stride + column * width;
    for (let line = 0; line < height; line++, target += stride) {
      if (underCursor && line >= firstLine && line <= lastLine) {
        pixels.fill(foreground, target, target + width);
        continue;
      }
      const dots = this.#font[glyph + line] ?? 0;
      const bits = (dots << 1) | (dots & ninth);
      for (let x = 0; x < width; x++) {
        pixels[target + x] = (bits >> (8 - (doubleWidth ? x >> 1 : x))) & 1 ? foreground : background;
      }
    }
  }
}

/** From 0xRRGGBB. */
function pixelOf(colour: number): number {
  return (0xff000000 | ((colour & 0xff) << 16) | (colour & 0xff00) | ((colour >> 16) & 0xff)) >>> 0;
}
