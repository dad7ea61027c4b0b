/** A picture in memory: one number a pixel, red in its lowest byte, then green and blue; the highest byte is 255. */
export class Framebuffer {
  #width = 0;
  #height = 0;
  #pixels = new Uint32Array();

  get width(): number {
    return this.#width;
  }

  get height(): number {
    return this.#height;
  }

  /** Row by row. Replaced when the size changes. */
  get pixels(): Uint32Array {
    return this.#pixels;
  }

  /** Makes it black. @returns whether the size is another than before. */
  resize(width: number, height: number): boolean {
    if (width === this.#width && height === this.#height) return false;
    this.#width = width;
    this.#height = height;
    this.#pixels = new Uint32Array(width * height).fill(0xff000000);
    return true;
  }
}
