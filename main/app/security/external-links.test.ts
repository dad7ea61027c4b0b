import { describe, expect, it } from 'vitest';
import { ExternalLinks, outsideLink, type OutsideLink } from './external-links.ts';

describe('links to the outside', () => {
  it('lead to any host by https', () =>
    expect(outsideLink('https://www.debian.org/legal/')).toEqual({
      address: 'https://www.debian.org/legal/',
      host: 'www.debian.org',
    }));

  it('tell hosts apart that only look alike', () =>
    expect(outsideLink('https://dеbian.org/')?.host).toBe('xn--dbian-zwe.org'));

  it.each([
    'http://www.debian.org/',
    'https://www.debian.org@example.org/',
    'https://user:password@www.debian.org/',
    'file:///etc/passwd',
    'javascript:alert(1)',
    'smb://www.debian.org/',
    'not an address',
  ])('do not lead to %s', (address) => expect(outsideLink(address)).toBeNull());
});

function setUp() {
  const opened: string[] = [];
  const asked: { readonly link: OutsideLink; readonly answer: (yes: boolean) => void }[] = [];
  const warnings: string[] = [];
  const links = new ExternalLinks({
    ask: (link) => new Promise((resolve) => asked.push({ link, answer: resolve })),
    open: async (address) => void opened.push(address),
    log: { warn: (text) => warnings.push(text), bug: (text) => warnings.push(text) },
  });
  return { links, opened, asked, warnings };
}
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('a link in a page', () => {
  it('opens when the user wants it to', async () => {
    const { links, opened, asked } = setUp();
    links.follow('https://example.org/');
    expect(asked.map(({ link }) => link.host)).toEqual(['example.org']);
    expect(opened).toEqual([]);
    asked[0]?.answer(true);
    await settled();
    expect(opened).toEqual(['https://example.org/']);
  });

  it('does not open when the user does not', async () => {
    const { links, opened, asked } = setUp();
    links.follow('https://example.org/');
    asked[0]?.answer(false);
    await settled();
    expect(opened).toEqual([]);
  });

  it('asks about one address at a time', async () => {
    const { links, asked, warnings } = setUp();
    links.follow('https://example.org/');
    links.follow('https://example.net/');
    expect(asked).toHaveLength(1);
    expect(warnings).toEqual(['a page wanted to open https://example.net/']);
    asked[0]?.answer(false);
    await settled();
    links.follow('https://example.net/');
    expect(asked).toHaveLength(2);
  });
});
