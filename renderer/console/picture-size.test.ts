import { describe, expect, it } from 'vitest';
import { pictureSize } from './picture-size.ts';

const TEXT = { width: 720, height: 400 };

describe('the size of the picture', () => {
  it('is what the window has room for, in the proportions of the guest', () => {
    expect(pictureSize(TEXT, { width: 1440, height: 1000 }, 'fit', 1)).toEqual({ width: 1440, height: 800 });
    expect(pictureSize(TEXT, { width: 360, height: 1000 }, 'fit', 1)).toEqual({ width: 360, height: 200 });
  });

  it('is that of the guest where that is wanted, whatever fits', () => {
    expect(pictureSize(TEXT, { width: 100, height: 100 }, 'original', 2)).toEqual(TEXT);
  });

  it('grows in whole steps of the pixels of the display', () => {
    const room = { width: 1300, height: 1300 };
    expect(pictureSize(TEXT, room, 'whole', 1)).toEqual(TEXT);
    expect(pictureSize(TEXT, room, 'whole', 2)).toEqual({ width: 1080, height: 600 });
  });

  it('shrinks as it must where not one step fits', () => {
    expect(pictureSize(TEXT, { width: 360, height: 400 }, 'whole', 1)).toEqual({ width: 360, height: 200 });
  });

  it('is all there is until the guest has a picture', () => {
    const room = { width: 800, height: 600 };
    expect(pictureSize({ width: 0, height: 0 }, room, 'fit', 1)).toEqual(room);
  });
});
