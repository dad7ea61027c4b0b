import { err, ok, type Result } from '../../shared/result.ts';

/** RFC 6143, 7.4; colour maps are not spoken. */
export interface PixelFormat {
  readonly bitsPerPixel: 8 | 16 | 32;
  readonly depth: number;
  readonly bigEndian: boolean;
  readonly redMax: number;
  readonly greenMax: number;
  readonly blueMax: number;
  readonly redShift: number;
  readonly greenShift: number;
  readonly blueShift: number;
}

export const PIXEL_FORMAT_BYTES = 16;

/** As pixels lie in a {@link Framebuffer}. */
export const NATIVE_FORMAT: PixelFormat = {
  bitsPerPixel: 32,
  depth: 24,
  bigEndian: false,
  redMax: 255,
  greenMax: 255,
  blueMax: 255,
  redShift: 0,
  greenShift: 8,
  blueShift: 16,
};

/** What Tight calls a pixel of 24 bits: sent as three bytes, whatever the shifts. */
export function isTrueColour24(format: PixelFormat): boolean {
  const { bitsPerPixel, depth, redMax, greenMax, blueMax } = format;
  return bitsPerPixel === 32 && depth === 24 && redMax === 255 && greenMax === 255 && blueMax === 255;
}

export function isNative(format: PixelFormat): boolean {
  const { bigEndian, redShift, greenShift, blueShift } = format;
  return isTrueColour24(format) && !bigEndian && redShift === 0 && greenShift === 8 && blueShift === 16;
}

export function writePixelFormat(to: DataView, at: number, format: PixelFormat): void {
  to.setUint8(at, format.bitsPerPixel);
  to.setUint8(at + 1, format.depth);
  to.setUint8(at + 2, format.bigEndian ? 1 : 0);
  to.setUint8(at + 3, 1);
  to.setUint16(at + 4, format.redMax);
  to.setUint16(at + 6, format.greenMax);
  to.setUint16(at + 8, format.blueMax);
  to.setUint8(at + 10, format.redShift);
  to.setUint8(at + 11, format.greenShift);
  to.setUint8(at + 12, format.blueShift);
}

export function readPixelFormat(from: DataView, at: number): Result<PixelFormat> {
  const bitsPerPixel = from.getUint8(at);
  const format = {
    depth: from.getUint8(at + 1),
    bigEndian: from.getUint8(at + 2) !== 0,
    redMax: from.getUint16(at + 4),
    greenMax: from.getUint16(at + 6),
    blueMax: from.getUint16(at + 8),
    redShift: from.getUint8(at + 10),
    greenShift: from.getUint8(at + 11),
    blueShift: from.getUint8(at + 12),
  };
  if (bitsPerPixel !== 8 && bitsPerPixel !== 16 && bitsPerPixel !== 32) {
    return err('malformed', `The viewer asks for pixels of ${bitsPerPixel} bits`);
  }
  if (from.getUint8(at + 3) === 0) return err('unsupported', 'The viewer asks for colours from a map');
  const channels = [
    [format.redMax, format.redShift],
    [format.greenMax, format.greenShift],
    [format.blueMax, format.blueShift],
  ] as const;
  for (const [max, shift] of channels) {
    const bits = Math.log2(max + 1);
    if (!Number.isInteger(bits) || bits < 1 || bits + shift > bitsPerPixel) {
      return err('malformed', `The viewer asks for a colour of maximum ${max} at bit ${shift}`);
    }
  }
  return ok({ bitsPerPixel, ...format });
}
