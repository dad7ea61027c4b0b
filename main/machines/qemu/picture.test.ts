import { describe, expect, it } from 'vitest';
import { unwrap } from '../../../shared/result.ts';
import { pictureFromPpm } from './picture.ts';

const ppm = (head: string, ...colours: number[]) => Buffer.concat([Buffer.from(head), Buffer.from(colours)]);

describe('a picture that QEMU wrote', () => {
  it('is read pixel by pixel', () => {
    const picture = unwrap(pictureFromPpm(ppm('P6\n2 1\n255\n', 255, 0, 0, 1, 2, 3)));
    expect([picture.width, picture.height, ...picture.pixels]).toEqual([2, 1, 0xff0000ff, 0xff030201]);
  });

  it.each([
    ['of another kind', ppm('P5\n1 1\n255\n', 0)],
    ['cut off', ppm('P6\n2 1\n255\n', 255, 0, 0)],
    ['of no size', ppm('P6\n0 1\n255\n')],
    ['of a size that no screen has', ppm('P6\n99999 99999\n255\n', 0, 0, 0)],
    ['empty', Buffer.alloc(0)],
  ])('is refused: %s', (_what, bytes) => {
    expect(pictureFromPpm(bytes)).toMatchObject({ ok: false, failure: { code: 'malformed' } });
  });
});
