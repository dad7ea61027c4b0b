import { err, ok, type Result } from '../../../shared/result.ts';
import { Framebuffer } from '../../rfb/framebuffer.ts';

const OPAQUE = 0xff000000;
const MOST_SIDE = 16384;

/** A binary PPM (`P6`, eight bits a colour), as QEMU's `screendump` writes it. */
export function pictureFromPpm(bytes: Uint8Array): Result<Framebuffer> {
  const head = Buffer.from(bytes.subarray(0, 64)).toString('latin1');
  const [whole = '', width, height] = /^P6\s+(\d{1,5})\s+(\d{1,5})\s+255\s/.exec(head) ?? [];
  const size = { width: Number(width), height: Number(height) };
  const pixels = size.width * size.height;
  if (!(pixels > 0) || size.width > MOST_SIDE || size.height > MOST_SIDE) return damaged();
  const colours = bytes.subarray(whole.length);
  if (colours.length < 3 * pixels) return damaged();
  const picture = new Framebuffer();
  picture.resize(size.width, size.height);
  for (let pixel = 0, at = 0; pixel < pixels; pixel++, at += 3) {
    const [red = 0, green = 0, blue = 0] = [colours[at], colours[at + 1], colours[at + 2]];
    picture.pixels[pixel] = (OPAQUE | (blue << 16) | (green << 8) | red) >>> 0;
  }
  return ok(picture);
}

function damaged(): Result<never> {
  return err('malformed', 'QEMU wrote a picture that cannot be read');
}
