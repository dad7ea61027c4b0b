import { describe, expect, it } from 'vitest';
import { unwrap } from '../../../shared/result.ts';
import { decodeGuestImage, encodeGuestImage, type GuestImage } from './guest-image.ts';

const IMAGE: GuestImage = {
  machine: Uint8Array.from({ length: 1000 }, (_, index) => index),
  around: { clockMs: 1234.5, unread: [[1, 2], []], listens: true, printed: 'login: ' },
};

describe('the image of a guest', () => {
  it('is read as it was written, with v86’s part in a buffer of its own', () => {
    const stored = Buffer.concat([new Uint8Array(3), ...encodeGuestImage(IMAGE)]).subarray(3);
    const image = unwrap(decodeGuestImage(stored));
    expect(image).toEqual(IMAGE);
    expect(image.machine.buffer.byteLength).toBe(1000);
  });

  it.each<[string, Uint8Array]>([
    ['nothing', new Uint8Array()],
    ['a length without content', new Uint8Array([9, 0, 0, 0])],
    ['no JSON', new Uint8Array([1, 0, 0, 0, 0x7b])],
    ['JSON of another kind', framed('[]')],
    ['a clock that is none', framed('{"clockMs":null,"unread":[[],[]],"listens":true}')],
    ['ports that are none', framed('{"clockMs":1,"unread":[["a"],[]],"listens":true}')],
    ['too few ports', framed('{"clockMs":1,"unread":[[]],"listens":true}')],
  ])('is refused when it is %s', (_, bytes) => {
    expect(decodeGuestImage(bytes)).toMatchObject({ failure: { code: 'malformed' } });
  });
});

function framed(text: string): Uint8Array {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(text.length);
  return Buffer.concat([length, Buffer.from(text)]);
}
