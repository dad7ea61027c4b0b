import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Framebuffer } from '../../../rfb/framebuffer.ts';
import { drawLayer } from './graphics-screen.ts';

function pictureOf(width: number, height: number, pixel: (at: number) => number): Framebuffer {
  const picture = new Framebuffer();
  picture.resize(width, height);
  picture.pixels.forEach((_, at) => (picture.pixels[at] = pixel(at) >>> 0));
  return picture;
}

function imageOf(width: number, height: number, pixel: (at: number) => number) {
  const pixels = Uint32Array.from({ length: width * height }, (_, at) => pixel(at) >>> 0);
  return { data: new Uint8ClampedArray(pixels.buffer), width };
}

const whole = (image: ReturnType<typeof imageOf>, height: number) => ({
  ...{ image, imageX: 0, imageY: 0, screenX: 0, screenY: 0 },
  ...{ width: image.width, height },
});

describe('drawing a layer', () => {
  it('tells of nothing where nothing differs', () => {
    const picture = pictureOf(300, 20, (at) => at);
    expect(
      drawLayer(
        picture,
        whole(
          imageOf(300, 20, (at) => at),
          20,
        ),
      ),
    ).toEqual([]);
  });

  it('makes one stretch of a row that differs, and two of differences far apart', () => {
    const picture = pictureOf(300, 2, () => 0);
    const image = imageOf(300, 2, (at) => (at < 300 || at === 300 + 10 || at === 300 + 200 ? 1 : 0));
    expect(drawLayer(picture, whole(image, 2))).toEqual([
      { x: 0, y: 0, width: 300, height: 1 },
      { x: 10, y: 1, width: 1, height: 1 },
      { x: 200, y: 1, width: 1, height: 1 },
    ]);
  });

  it('draws what lies on the picture, wherever the layer lies', () => {
    const place = fc.integer({ min: -40, max: 40 });
    const size = fc.integer({ min: 1, max: 90 });
    fc.assert(
      fc.property(
        place,
        place,
        fc.nat({ max: 20 }),
        fc.nat({ max: 20 }),
        size,
        size,
        fc.nat(),
        (...given) => {
          const [screenX, screenY, imageX, imageY, width, height, seed] = given;
          const colour = (at: number) => Math.imul(at + seed, 0x9e3779b1) % 3;
          const image = imageOf(80, 30, colour);
          const picture = pictureOf(100, 40, () => 0);
          const areas = drawLayer(picture, { image, imageX, imageY, screenX, screenY, width, height });
          const isTold = (x: number, y: number) =>
            areas.some((area) => area.y === y && area.x <= x && x < area.x + area.width);
          for (let y = 0; y < 40; y++) {
            for (let x = 0; x < 100; x++) {
              const [u, v] = [x - screenX, y - screenY];
              const [from, row] = [u + imageX, v + imageY];
              const shows = u >= 0 && v >= 0 && u < width && v < height && from < 80 && row < 30;
              const wanted = shows ? colour(row * 80 + from) >>> 0 : 0;
              expect(picture.pixels[y * 100 + x]).toBe(wanted);
              if (wanted !== 0) expect(isTold(x, y)).toBe(true);
            }
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});
