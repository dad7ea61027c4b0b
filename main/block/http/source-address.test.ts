import { describe, expect, it } from 'vitest';
import { unwrap } from '../../../shared/result.ts';
import { parseSourceAddress, resolveRedirect } from './source-address.ts';

describe('the address of a source', () => {
  it('is taken apart', () => {
    expect(unwrap(parseSourceAddress('http://example.org/a b/disk.raw?x=1#top'))).toEqual({
      secure: false,
      host: 'example.org',
      port: 80,
      authority: 'example.org',
      target: '/a%20b/disk.raw?x=1',
      authorization: null,
      display: 'http://example.org/a%20b/disk.raw?…',
    });
  });

  it('may be an IPv6 literal', () => {
    const address = unwrap(parseSourceAddress('https://[::1]:8443/disk'));
    expect(address).toMatchObject({ secure: true, host: '::1', port: 8443, authority: '[::1]:8443' });
  });

  it('cannot smuggle fields into a request', () => {
    expect(unwrap(parseSourceAddress('http://h/a\r\nX: y')).target).not.toMatch(/[\r\n ]/);
  });

  it('turns credentials into Basic authentication and shows them nowhere', () => {
    const address = unwrap(parseSourceAddress('https://jo%40x:p%3Aw@host/disk?token=t'));
    expect(address.authorization).toBe(`Basic ${Buffer.from('jo@x:p:w').toString('base64')}`);
    expect(address.display).toBe('https://host/disk?…');
  });

  it.each([
    ['not an address', "'not an address' is not an address: use http://host/path"],
    ['http://jo:secret@ho st/disk', "'ho st/disk' is not an address: use http://host/path"],
    ['http://jo:se/cret@host:x/d?secret', "'host:x/d?…' is not an address: use http://host/path"],
    ['ftp://jo:secret@host/disk', 'ftp://host/disk: only http:// and https:// can be read from'],
    ['http://jo:secret%zz@host/disk', 'http://host/disk: the user name or password has a broken %-escape'],
  ])('refuses %s without quoting secrets', (text, message) => {
    expect(parseSourceAddress(text)).toMatchObject({ failure: { code: 'invalid-argument', message } });
  });
});

describe('a redirect', () => {
  const from = unwrap(parseSourceAddress('https://jo:secret@host/a/disk'));

  it('may be relative, and keeps the credentials on the same origin', () => {
    const to = unwrap(resolveRedirect(from, '../b/disk?sig=1'));
    expect(to).toMatchObject({ host: 'host', target: '/b/disk?sig=1', authorization: from.authorization });
  });

  it('takes no credentials to another origin, and none from there', () => {
    expect(unwrap(resolveRedirect(from, 'https://host:444/disk')).authorization).toBeNull();
    expect(unwrap(resolveRedirect(from, 'https://x:y@mirror/disk')).authorization).toBeNull();
  });

  it.each([
    [
      'http://host/disk',
      'source-refused',
      'https://host/a/disk: redirects from https to http://host/disk, which is not secure',
    ],
    ['http://[', 'malformed', 'https://host/a/disk: field Location of the redirect is not an address'],
  ])('to %s is refused', (location, code, message) => {
    expect(resolveRedirect(from, location)).toMatchObject({ failure: { code, message } });
  });

  it('to something that is not HTTP is refused', () => {
    const plain = unwrap(parseSourceAddress('http://host/disk'));
    expect(resolveRedirect(plain, 'file:///etc/passwd')).toMatchObject({
      failure: { code: 'source-refused' },
    });
  });
});
