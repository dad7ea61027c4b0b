import { deflateSync } from 'node:zlib';
import { ENCODING } from './encodings.ts';
import type { Framebuffer } from './framebuffer.ts';
import { isNative, isTrueColour24, type PixelFormat } from './pixel-format.ts';
import type { Rectangle } from './rectangle.ts';

export interface ViewerTaste {
  readonly format: PixelFormat;
  readonly tight: boolean;
  /** Whether pictures of many colours are worth the time to compress; within one computer they are not. */
  readonly compressPhotos: boolean;
}

const MAX_COLOURS = 256;
/** Tight sends less than this as it is. */
const MIN_DEFLATED_BYTES = 12;
/** The thread's time belongs to the guest. */
const LEVEL = 1;

/** Appends a rectangle, with its header, to a message. */
export function encodeRectangle(
  framebuffer: Framebuffer,
  rectangle: Rectangle,
  taste: ViewerTaste,
): Uint8Array[] {
  if (taste.tight && isTrueColour24(taste.format)) {
    const colours = new Palette(framebuffer, rectangle);
    if (colours.complete) return [header(rectangle, ENCODING.tight), ...tightPalette(colours, rectangle)];
    if (taste.compressPhotos) {
      const copied = deflated(rgbBytes(framebuffer, rectangle));
      return [header(rectangle, ENCODING.tight), Uint8Array.of(RESET_STREAM_0), ...copied];
    }
  }
  return [header(rectangle, ENCODING.raw), rawPixels(framebuffer, rectangle, taste.format)];
}

export function header({ x, y, width, height }: Rectangle, encoding: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(12));
  view.setUint16(0, x);
  view.setUint16(2, y);
  view.setUint16(4, width);
  view.setUint16(6, height);
  view.setInt32(8, encoding);
  return new Uint8Array(view.buffer);
}

// Each rectangle is a compressed stream of its own, which the viewer is told to begin anew: nothing to keep between
// rectangles, and little lost, as rectangles are large where there is much to compress.
const RESET_STREAM_0 = 0x01;
const FILL = 0x80;
const PALETTE_IN_STREAM_1 = 0x40 | 0x10 | 0x02;
const PALETTE_FILTER = 1;

function tightPalette(palette: Palette, { width, height }: Rectangle): Uint8Array[] {
  const { colours, indices } = palette;
  if (colours.length === 1) return [Uint8Array.of(FILL, ...colours.flatMap(rgb))];
  const description = Uint8Array.of(
    PALETTE_IN_STREAM_1,
    PALETTE_FILTER,
    colours.length - 1,
    ...colours.flatMap(rgb),
  );
  return [description, ...deflated(colours.length === 2 ? bitmap(indices, width, height) : indices)];
}

function rgb(pixel: number): [number, number, number] {
  return [pixel & 0xff, (pixel >> 8) & 0xff, (pixel >> 16) & 0xff];
}

function bitmap(indices: Uint8Array, width: number, height: number): Uint8Array {
  const rowBytes = Math.ceil(width / 8);
  const bits = new Uint8Array(rowBytes * height);
  for (let y = 0, from = 0; y < height; y++) {
    for (let x = 0; x < width; x++, from++) {
      if (indices[from]) set(bits, y * rowBytes + (x >> 3), 0x80 >> (x & 7));
    }
  }
  return bits;
}

function set(bytes: Uint8Array, at: number, bit: number): void {
  bytes[at] = (bytes[at] ?? 0) | bit;
}

function deflated(bytes: Uint8Array): Uint8Array[] {
  if (bytes.length < MIN_DEFLATED_BYTES) return [bytes];
  const body = deflateSync(bytes, { level: LEVEL });
  return [compactLength(body.length), body];
}

/** Seven bits a byte, lowest first; the third byte holds eight. */
function compactLength(length: number): Uint8Array {
  if (length < 0x80) return Uint8Array.of(length);
  if (length < 0x4000) return Uint8Array.of((length & 0x7f) | 0x80, length >> 7);
  return Uint8Array.of((length & 0x7f) | 0x80, ((length >> 7) & 0x7f) | 0x80, length >> 14);
}

/** The colours of a rectangle and each pixel's place among them; given up where there are too many. */
class Palette {
  readonly colours: number[] = [];
  readonly indices: Uint8Array;
  readonly complete: boolean;

  constructor({ pixels, width: stride }: Framebuffer, { x, y, width, height }: Rectangle) {
    this.indices = new Uint8Array(width * height);
    this.complete = this.#fill(pixels, stride, y * stride + x, width, height);
  }

  #fill(pixels: Uint32Array, stride: number, origin: number, width: number, height: number): boolean {
    const known = new Map<number, number>();
    let last = -1;
    let index = 0;
    for (let row = 0, to = 0; row < height; row++) {
      const start = origin + row * stride;
      for (let at = start; at < start + width; at++, to++) {
        const pixel = pixels[at] ?? 0;
        if (pixel !== last) {
          last = pixel;
          const place = known.get(pixel);
          if (place !== undefined) index = place;
          else if (known.size === MAX_COLOURS) return false;
          else {
            index = known.size;
            known.set(pixel, index);
            this.colours.push(pixel);
          }
        }
        this.indices[to] = index;
      }
    }
    return true;
  }
}

function rgbBytes(framebuffer: Framebuffer, { x, y, width, height }: Rectangle): Uint8Array {
  const bytes = new Uint8Array(width * height * 3);
  const { pixels, width: stride } = framebuffer;
  for (let row = 0, to = 0; row < height; row++) {
    const start = (y + row) * stride + x;
    for (let at = start; at < start + width; at++) {
      const pixel = pixels[at] ?? 0;
      bytes[to++] = pixel;
      bytes[to++] = pixel >> 8;
      bytes[to++] = pixel >> 16;
    }
  }
  return bytes;
}

function rawPixels(
  framebuffer: Framebuffer,
  { x, y, width, height }: Rectangle,
  format: PixelFormat,
): Uint8Array {
  const { pixels, width: stride } = framebuffer;
  if (isNative(format)) {
    const rows = new Uint32Array(width * height);
    for (let row = 0; row < height; row++) {
      const start = (y + row) * stride + x;
      rows.set(pixels.subarray(start, start + width), row * width);
    }
    return new Uint8Array(rows.buffer);
  }
  const pixelBytes = format.bitsPerPixel / 8;
  const view = new DataView(new ArrayBuffer(width * height * pixelBytes));
  const { redMax, redShift, greenMax, greenShift, blueMax, blueShift, bigEndian } = format;
  for (let row = 0, to = 0; row < height; row++) {
    const start = (y + row) * stride + x;
    for (let at = start; at < start + width; at++, to += pixelBytes) {
      const [red, green, blue] = rgb(pixels[at] ?? 0);
      const value =
        (scaled(red, redMax) << redShift) |
        (scaled(green, greenMax) << greenShift) |
        (scaled(blue, blueMax) << blueShift);
      if (pixelBytes === 1) view.setUint8(to, value);
      else if (pixelBytes === 2) view.setUint16(to, value, !bigEndian);
      else view.setUint32(to, value, !bigEndian);
    }
  }
  return new Uint8Array(view.buffer);
}

function scaled(value: number, max: number): number {
  return max === 255 ? value : Math.round((value * max) / 255);
}
