import type { Rectangle } from './rectangle.ts';

/** As high as a line of text and about seven characters wide: a typed character costs one tile. */
const TILE_WIDTH = 64;
const TILE_HEIGHT = 16;
/** Tight allows 2048 pixels a row and 4 MiB a rectangle. */
const MAX_COLUMNS = 2048 / TILE_WIDTH;
const MAX_PIXELS = 1 << 18;

/** The parts of a picture that a viewer has not seen yet, as a grid of tiles: small, however much is drawn. */
export class Damage {
  #width = 0;
  #height = 0;
  #columns = 0;
  #rows = 0;
  #tiles = new Uint8Array();
  #any = false;

  get any(): boolean {
    return this.#any;
  }

  /** Forgets everything. */
  resize(width: number, height: number): void {
    this.#width = width;
    this.#height = height;
    this.#columns = Math.ceil(width / TILE_WIDTH);
    this.#rows = Math.ceil(height / TILE_HEIGHT);
    this.#tiles = new Uint8Array(this.#columns * this.#rows);
    this.#any = false;
  }

  /** What lies outside the picture is left out. */
  add({ x, y, width, height }: Rectangle): void {
    const left = Math.floor(Math.max(0, x) / TILE_WIDTH);
    const top = Math.floor(Math.max(0, y) / TILE_HEIGHT);
    const right = Math.ceil(Math.min(this.#width, x + width) / TILE_WIDTH);
    const bottom = Math.ceil(Math.min(this.#height, y + height) / TILE_HEIGHT);
    if (right <= left) return;
    for (let row = top; row < bottom; row++) {
      this.#tiles.fill(1, row * this.#columns + left, row * this.#columns + right);
      this.#any = true;
    }
  }

  /** Everything added since the last call, as few rectangles that do not overlap. */
  take(): Rectangle[] {
    const rectangles: Rectangle[] = [];
    if (!this.#any) return rectangles;
    for (let row = 0; row < this.#rows; row++) {
      for (let column = 0; column < this.#columns; column++) {
        if (this.#tiles[row * this.#columns + column]) rectangles.push(this.#takeFrom(column, row));
      }
    }
    this.#any = false;
    return rectangles;
  }

  /** The widest rectangle that begins there, then the highest of that width. */
  #takeFrom(column: number, row: number): Rectangle {
    let end = column;
    const last = Math.min(this.#columns, column + MAX_COLUMNS);
    while (end < last && this.#tiles[row * this.#columns + end]) end++;
    const maxRows = Math.floor(MAX_PIXELS / ((end - column) * TILE_WIDTH * TILE_HEIGHT));
    let bottom = row;
    while (bottom < this.#rows && bottom < row + maxRows && this.#isFull(bottom, column, end)) {
      this.#tiles.fill(0, bottom * this.#columns + column, bottom * this.#columns + end);
      bottom++;
    }
    const x = column * TILE_WIDTH;
    const y = row * TILE_HEIGHT;
    return {
      x,
      y,
      width: Math.min(this.#width, end * TILE_WIDTH) - x,
      height: Math.min(this.#height, bottom * TILE_HEIGHT) - y,
    };
  }

  #isFull(row: number, from: number, to: number): boolean {
    for (let at = row * this.#columns + from; at < row * this.#columns + to; at++) {
      if (!this.#tiles[at]) return false;
    }
    return true;
  }
}
