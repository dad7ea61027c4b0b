import type { Framebuffer } from '../../../rfb/framebuffer.ts';
import type { Rectangle } from '../../../rfb/rectangle.ts';
import type { Layer } from './display.ts';

/** Differences nearer to one another than a tile of damage is wide are one stretch. */
const GAP = 64;

/**
 * Copies a layer into the picture. The emulator tells only the first and last row that changed, and sometimes just
 * "everything": rows are compared, so that viewers get only what differs.
 * @returns where it differs, each one row high
 */
export function drawLayer(to: Framebuffer, layer: Layer): Rectangle[] {
  const { image, imageX, imageY, screenX, screenY } = layer;
  const left = Math.max(0, screenX, screenX - imageX);
  const right = Math.min(to.width, screenX + layer.width, screenX - imageX + image.width);
  const imageHeight = Math.floor(image.data.length / 4 / image.width);
  const top = Math.max(0, screenY, screenY - imageY);
  const bottom = Math.min(to.height, screenY + layer.height, screenY - imageY + imageHeight);
  if (right <= left || image.data.byteOffset % 4 !== 0) return [];
  const source = new Uint32Array(image.data.buffer, image.data.byteOffset, image.data.length >> 2);
  const { pixels, width: stride } = to;
  const drawn: Rectangle[] = [];
  for (let y = top; y < bottom; y++) {
    const from = (y - screenY + imageY) * image.width + imageX - screenX;
    const target = y * stride;
    for (let x = left; x < right; x++) {
      if (source[from + x] === pixels[target + x]) continue;
      let last = x;
      for (let at = x + 1; at < right && at - last <= GAP; at++) {
        if (source[from + at] !== pixels[target + at]) last = at;
      }
      pixels.set(source.subarray(from + x, from + last + 1), target + x);
      drawn.push({ x, y, width: last + 1 - x, height: 1 });
      x = last + GAP;
    }
  }
  return drawn;
}
