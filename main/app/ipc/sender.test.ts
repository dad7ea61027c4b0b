import { describe, expect, it } from 'vitest';
import { isOurPage } from './sender.ts';

describe('the sender of a request', () => {
  it('is one of our pages in the top frame of its window', () => {
    expect(isOurPage({ url: 'app://headwater/index.html', parent: null })).toBe(true);
    expect(isOurPage({ url: 'app://headwater/console.html?machine=a', parent: null })).toBe(true);
  });

  it.each([
    ['a frame inside a page', { url: 'app://headwater/index.html', parent: {} }],
    ['a page from the network', { url: 'https://headwater/index.html', parent: null }],
    ['another host', { url: 'app://headwater.example/index.html', parent: null }],
    ['an empty page', { url: 'about:blank', parent: null }],
    ['a frame that is gone', null],
  ])('is not %s', (_what, frame) => {
    expect(isOurPage(frame)).toBe(false);
  });
});
