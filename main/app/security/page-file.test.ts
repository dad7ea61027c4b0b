import { describe, expect, it } from 'vitest';
import { pageFile } from './page-file.ts';

describe('the file of a page', () => {
  it.each([
    ['/index.html', 'index.html', 'text/html; charset=utf-8'],
    ['/assets/main-C0ffee_1.js', 'assets/main-C0ffee_1.js', 'text/javascript; charset=utf-8'],
    ['/assets/font.woff2', 'assets/font.woff2', 'font/woff2'],
  ])('of %s is known with its type', (pathname, name, type) => {
    expect(pageFile(pathname)).toEqual({ name, type });
  });

  it.each([
    '/',
    '',
    'index.html',
    '/../secret.js',
    '/assets/../../secret.js',
    '/%2e%2e/secret.js',
    '/..%2fsecret.js',
    '/..\\secret.js',
    '/a%00.html',
    '/%ff.html',
    '/.hidden.html',
    '//index.html',
    '/assets/main.js.map',
    '/index',
  ])('of %j does not exist', (pathname) => {
    expect(pageFile(pathname)).toBeUndefined();
  });
});
