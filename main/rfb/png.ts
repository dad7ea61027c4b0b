import { crc32, deflateSync } from 'node:zlib';
import type { Framebuffer } from './framebuffer.ts';

const SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
const EIGHT_BITS = 8;
const RGB = 2;

/** A picture as a PNG file (RFC 2083): eight bits a colour, no filters, which screens of text do not profit from. */
export function encodePng({ width, height, pixels }: Framebuffer): Uint8Array<ArrayBuffer> {
  const rowBytes = 1 + 3 * width;
  const rows = new Uint8Array(rowBytes * height);
  for (let y = 0, from = 0; y < height; y++) {
    let to = y * rowBytes + 1;
    for (let x = 0; x < width; x++, from++) {
      const pixel = pixels[from] ?? 0;
      rows[to++] = pixel;
      rows[to++] = pixel >> 8;
      rows[to++] = pixel >> 16;
    }
  }
  const head = new DataView(new ArrayBuffer(13));
  head.setUint32(0, width);
  head.setUint32(4, height);
  head.setUint8(8, EIGHT_BITS);
  head.setUint8(9, RGB);
  return Uint8Array.from(
    Buffer.concat([
      SIGNATURE,
      chunk('IHDR', new Uint8Array(head.buffer)),
      chunk('IDAT', deflateSync(rows)),
      chunk('IEND', new Uint8Array()),
    ]),
  );
}

function chunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const frame = Buffer.alloc(4 + body.length + 4);
  frame.writeUInt32BE(data.length, 0);
  body.copy(frame, 4);
  frame.writeUInt32BE(crc32(body), 4 + body.length);
  return frame;
}
