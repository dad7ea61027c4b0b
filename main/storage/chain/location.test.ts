import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { tempFolder } from '../../../test/support/temp-folder.ts';
import { backingReferenceFor, layersOf, type ImageChain } from './image-chain.ts';
import { identityOf, isRemote, localPath, resolveBacking } from './location.ts';

function image(
  location: string,
  format: 'raw' | 'qed' = 'raw',
  backing: ImageChain | null = null,
): ImageChain {
  return { location, format, backing };
}

describe('a location', () => {
  it('is remote by its scheme, in any case', () => {
    expect(['http://h/x', 'HTTPS://h/x'].map(isRemote)).toEqual([true, true]);
    expect(['/x', 'x', 'file:x', 'http:x', './http://x'].map(isRemote)).toEqual(Array(5).fill(false));
  });

  it('may name a file with "file:" in front', () => {
    expect([localPath('file:/a b'), localPath('/a'), localPath('./file:a')]).toEqual([
      '/a b',
      '/a',
      './file:a',
    ]);
  });

  it.each([
    ['/images/top.qed', 'base.raw', '/images/base.raw'],
    // Not shortened: the folder may be a symbolic link.
    ['/images/top.qed', '../base.raw', '/images/../base.raw'],
    ['top.qed', 'base.raw', 'base.raw'],
    ['file:/images/top.qed', 'file:base.raw', '/images/base.raw'],
    ['/images/top.qed', '/other/base.raw', '/other/base.raw'],
    ['/images/top.qed', 'http://host/base.raw', 'http://host/base.raw'],
    ['http://host/images/top.qed', 'base.raw', 'http://host/images/base.raw'],
    ['http://host/images/top.qed?x=1', '/base.raw', 'http://host/base.raw'],
  ])('of the backing file of %s named %s is %s', (overlay, name, expected) => {
    expect(resolveBacking(overlay, name)).toBe(expected);
  });

  it('has one identity for all names of a file, also a missing one', () => {
    const folder = fs.realpathSync(tempFolder());
    const file = path.join(folder, 'disk.raw');
    fs.writeFileSync(file, '');
    fs.symlinkSync(file, path.join(folder, 'link'));
    fs.linkSync(file, path.join(folder, 'second name'));
    const second = path.join(folder, 'second name');
    const names = [
      file,
      second,
      path.join(folder, 'link'),
      `file:${file}`,
      path.relative(process.cwd(), file),
    ];
    expect(new Set(names.map(identityOf)).size).toBe(1);
    expect(identityOf(path.join(folder, 'x/../gone'))).toBe(path.join(folder, 'gone'));
  });
});

describe('the name of a backing file in a header', () => {
  it('is relative where both lie in one folder, so that they can be moved together', () => {
    const overlay = image('/images/top.qed', 'qed');
    expect(backingReferenceFor(overlay, image('/images/base.raw'))).toEqual({ name: 'base.raw', raw: true });
    expect(backingReferenceFor(overlay, image('/images/../images/m.qed', 'qed'))).toEqual({
      name: 'm.qed',
      raw: false,
    });
  });

  it('is absolute otherwise, and an address stays as it is', () => {
    const overlay = image('top.qed', 'qed');
    expect(backingReferenceFor(overlay, image('/images/base.raw')).name).toBe('/images/base.raw');
    expect(backingReferenceFor(overlay, image('sub/base.raw')).name).toBe(path.resolve('sub/base.raw'));
    expect(backingReferenceFor(overlay, image('http://host/base.raw')).name).toBe('http://host/base.raw');
  });
});

describe('the layers of a chain', () => {
  it('are listed topmost first', () => {
    const chain = image('top', 'qed', image('middle', 'qed', image('base')));
    expect(layersOf(chain).map(({ location }) => location)).toEqual(['top', 'middle', 'base']);
  });
});
