import { describe, expect, it } from 'vitest';
import { hashOf, routeOf } from './route.ts';

describe('an address', () => {
  it.each([
    '#/catalog',
    '#/machines',
    '#/machines/tiny-linux-2',
    '#/overlays',
    '#/preferences',
    '#/preferences/feeds',
  ])('%s leads to its screen and back', (hash) => expect(hashOf(routeOf(hash))).toBe(hash));

  it('that means nothing leads to the catalog', () => {
    for (const hash of ['', '#', '#/nowhere', '#/machines/../etc'])
      expect(routeOf(hash)).toEqual({ screen: 'catalog' });
  });

  it('of a section that there is not leads to the preferences', () =>
    expect(routeOf('#/preferences/nothing')).toEqual({ screen: 'preferences' }));
});
