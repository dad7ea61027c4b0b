import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../shared/clock.ts';
import { unwrap } from '../../../shared/result.ts';
import { slices } from '../../../test/support/feeds.ts';
import { serve } from '../../../test/support/served.ts';
import { tempFolder } from '../../../test/support/temp-folder.ts';
import { simplestreams } from './simplestreams.ts';

const parts = { clock: systemClock };
const SUM = 'ab'.repeat(32);

const item = (ftype: string, different: object = {}) => ({
  ftype,
  path: `images/${ftype}`,
  size: 1000,
  sha256: SUM,
  ...different,
});

const UBUNTU = {
  os: 'Ubuntu',
  release: 'noble',
  release_title: '24.04 LTS',
  arch: 'amd64',
  variant: 'default',
  versions: {
    '20261101_0742': { items: { 'disk-kvm.img': item('disk-kvm.img', { path: 'images/old.img' }) } },
    '20261124_0742': {
      items: {
        'lxd.tar.xz': item('lxd.tar.xz'),
        'root.squashfs': item('squashfs'),
        'disk.qcow2': item('disk-kvm.img', { path: 'images/new.img', size: 2000 }),
      },
    },
  },
};

/** An image server as a folder: its lists by name. */
function imageServer(products: Record<string, unknown>, indexOver: object = {}): string {
  const folder = path.join(tempFolder(), 'images');
  const lists = path.join(folder, 'streams/v1');
  fs.mkdirSync(lists, { recursive: true });
  const index = {
    format: 'index:1.0',
    updated: 'Tue, 24 Nov 2026 07:42:00 +0000',
    index: {
      images: { datatype: 'image-downloads', format: 'products:1.0', path: 'streams/v1/images.json' },
      ids: { datatype: 'image-ids', format: 'products:1.0', path: 'streams/v1/cloud.json' },
    },
    ...indexOver,
  };
  fs.writeFileSync(path.join(lists, 'index.json'), JSON.stringify(index));
  const images = { format: 'products:1.0', datatype: 'image-downloads', content_id: 'images', products };
  fs.writeFileSync(path.join(lists, 'images.json'), JSON.stringify(images));
  return folder;
}

async function read(location: string) {
  const fetched = await simplestreams.fetch(location, null, parts);
  if (!fetched.ok) return fetched;
  if (fetched.value.kind !== 'whole') throw new Error('nothing fetched');
  return simplestreams.read(fetched.value.copy, location, slices());
}

const indexOf = (folder: string) => path.join(folder, 'streams/v1/index.json');
const readProducts = (products: Record<string, unknown>) => read(indexOf(imageServer(products)));

describe('an image server', () => {
  it('is listed by the newest disk image of each product, with its checksum', async () => {
    const server = await serve(imageServer({ 'ubuntu:noble:amd64:default': UBUNTU }));
    const listing = unwrap(await read(`${server.url}streams/v1/index.json`));
    expect(listing).toMatchObject({
      name: new URL(server.url).host,
      key: null,
      expiresMs: null,
      issuedMs: Date.UTC(2026, 10, 24, 7, 42),
      unreadable: 0,
    });
    expect(listing.appliances).toMatchObject([
      {
        description: {
          name: 'Ubuntu 24.04 LTS',
          version: '20261124_0742',
          arch: 'x86_64',
          backEnds: ['qemu', 'v86'],
          cloudInit: true,
        },
        content: {
          kind: 'image',
          location: `${server.url}images/new.img`,
          format: 'qcow2',
          lengthBytes: 2000,
          sha256: SUM,
        },
      },
    ]);
  });

  it('may be a folder on this computer', async () => {
    const folder = imageServer({ a: UBUNTU });
    expect(unwrap(await read(indexOf(folder))).appliances).toMatchObject([
      { content: { location: path.join(folder, 'images/new.img') } },
    ]);
  });

  it('is not fetched again while its index is the same', async () => {
    const server = await serve(imageServer({ a: UBUNTU }));
    const location = `${server.url}streams/v1/index.json`;
    const fetched = unwrap(await simplestreams.fetch(location, null, parts));
    const etag = fetched.kind === 'whole' ? fetched.etag : null;
    const before = server.statistics().requests;
    expect(await simplestreams.fetch(location, etag, parts)).toMatchObject({ value: { kind: 'unchanged' } });
    expect(server.statistics().requests).toBe(before + 1);
  });

  it.each([
    ['disk-kvm.img', 'qcow2'],
    ['disk1.img', 'qcow2'],
    ['disk.qcow2', 'qcow2'],
    ['disk.raw', 'raw'],
  ])('has images whose name tells the format: %s', async (ftype, format) => {
    const product = { ...UBUNTU, versions: { 1: { items: { x: item(ftype) } } } };
    expect(unwrap(await readProducts({ a: product })).appliances).toMatchObject([{ content: { format } }]);
  });

  it.each([
    ['disk.img.gz', 'gzip', 'qcow2'],
    ['disk.raw.zst', 'zstd', 'raw'],
    ['disk.raw.xz', 'xz', 'raw'],
  ] as const)('has images whose name tells how they are compressed: %s', async (ftype, packing, format) => {
    const product = { ...UBUNTU, versions: { 1: { items: { x: item(ftype) } } } };
    expect(unwrap(await readProducts({ a: product })).appliances).toMatchObject([
      { content: { packing, format } },
    ]);
  });

  it('has the image that needs the least unpacking, where a version has several', async () => {
    const items = { a: item('disk.raw.xz'), b: item('disk.raw.gz'), c: item('disk.qcow2') };
    const product = { ...UBUNTU, versions: { 1: { items } } };
    expect(unwrap(await readProducts({ a: product })).appliances).toMatchObject([
      { content: { packing: 'none', format: 'qcow2' } },
    ]);
  });

  it.each([
    ['a container only', { x: item('squashfs') }, {}],
    ['a disk compressed in an unknown way', { x: item('disk.img.lz4') }, {}],
    ['no checksum', { x: item('disk1.img', { sha256: undefined }) }, {}],
    ['a checksum that is none', { x: item('disk1.img', { sha256: 'nonsense' }) }, {}],
    ['no length', { x: item('disk1.img', { size: undefined }) }, {}],
    ['a processor that is not emulated', { x: item('disk1.img') }, { arch: 'ppc64el' }],
    ['an image on another server', { x: item('disk1.img', { path: 'https://example.org/disk1.img' }) }, {}],
    ['an image out of its folder', { x: item('disk1.img', { path: '../../disk1.img' }) }, {}],
    ['items that are no items', { x: 7, y: null, z: [] }, {}],
  ])('counts products that cannot be used: with %s', async (_what, items, different) => {
    const product = { ...UBUNTU, ...different, versions: { 1: { items } } };
    expect(await readProducts({ a: product, b: UBUNTU })).toMatchObject({
      value: { appliances: [{ description: { name: 'Ubuntu 24.04 LTS' } }], unreadable: 1 },
    });
  });

  it('may say at any level what counts for all below', async () => {
    const { arch, ...product } = UBUNTU;
    const versions = { 1: { items: { x: item('disk1.img', { arch }) } } };
    expect(unwrap(await readProducts({ a: { ...product, versions } })).appliances).toHaveLength(1);
  });

  it('may have products of any name: each gets an id of its own', async () => {
    const names = [
      'com.ubuntu.cloud:server:24.04:amd64',
      'com.ubuntu.cloud:server:24.04:AMD64',
      ':::',
      'ä'.repeat(99),
    ];
    const listing = unwrap(await readProducts(Object.fromEntries(names.map((name) => [name, UBUNTU]))));
    const ids = listing.appliances.map(({ description: { id } }) => id);
    expect(new Set(ids).size).toBe(names.length);
    for (const id of ids) expect(id).toMatch(/^[a-z0-9][a-z0-9-]{0,39}$/);
  });

  it.each([
    ['lists for clouds only', { index: { a: { datatype: 'image-ids', path: 'x' } } }, 'unsupported'],
    ['an index of another version', { format: 'index:2.0' }, 'malformed'],
    [
      'an index that leads away',
      { index: { a: { datatype: 'image-downloads', path: '../../../etc/x' } } },
      'malformed',
    ],
    [
      'an index without its list',
      { index: { a: { datatype: 'image-downloads', path: 'gone' } } },
      'not-found',
    ],
  ])('is refused with %s', async (_what, index, code) => {
    expect(await read(indexOf(imageServer({ a: UBUNTU }, index)))).toMatchObject({ failure: { code } });
  });

  it('is read up to a limit', async () => {
    const folder = imageServer({ a: UBUNTU });
    fs.truncateSync(path.join(folder, 'streams/v1/images.json'), 9 * 1024 * 1024);
    expect(await read(indexOf(folder))).toMatchObject({ failure: { code: 'malformed' } });
  });
});
