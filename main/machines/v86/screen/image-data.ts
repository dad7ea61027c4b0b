/**
 * What v86 needs of the browser's `ImageData`: without it, graphics modes have no picture. It wraps bytes that v86
 * draws into, four a pixel: red, green, blue, opacity.
 */
export class ImageData {
  readonly data: Uint8ClampedArray;
  readonly width: number;
  readonly height: number;

  constructor(data: Uint8ClampedArray, width: number, height: number) {
    this.data = data;
    this.width = width;
    this.height = height;
  }
}

/** Must have been called before a guest switches to a graphics mode. */
export function provideImageData(): void {
  Object.assign(globalThis, { ImageData });
}
