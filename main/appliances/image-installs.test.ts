import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import zlib from 'node:zlib';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { systemClock } from '../../shared/clock.ts';
import { DONE, unwrap } from '../../shared/result.ts';
import { KIB, MIB } from '../../shared/units.ts';
import { serve } from '../../test/support/served.ts';
import { tempFolder } from '../../test/support/temp-folder.ts';
import { Activities } from '../activities/activities.ts';
import { Catalog } from '../catalog/catalog.ts';
import { deleteAllPassing } from '../catalog/passing-files.ts';
import { LocalFeedReader } from '../feeds/feed-reader.ts';
import { FeedService } from '../feeds/feed-service.ts';
import type { LinkShape } from '../serve/link-spec.ts';
import { imageFiles } from '../storage/overlays/image-files.ts';
import { ImageTasks } from '../storage/overlays/image-tasks-client.ts';
import { QemuImg } from '../storage/overlays/qemu-img.ts';
import { TokenBucket } from '../streaming/limits/token-bucket.ts';
import { ApplianceService } from './appliance-service.ts';
import { listedImages } from './candidates.ts';
import { ImageInstalls } from './image-installs.ts';

const HAS_QEMU_IMG = await new QemuImg().isAvailable();
const DISK = Buffer.alloc(2 * MIB, 'a disk of an image server ');

interface Offered {
  readonly ftype: string;
  readonly bytes: Buffer;
  readonly sha256?: string;
}

/** An image server with one product, and a catalog that has subscribed to it. */
async function setUp(offered: Offered, link?: LinkShape) {
  const site = path.join(tempFolder(), 'site');
  const lists = path.join(site, 'streams/v1');
  fs.mkdirSync(lists, { recursive: true });
  const offer = ({ ftype, bytes, sha256 = hashOf(bytes) }: Offered, version: string) => {
    fs.writeFileSync(path.join(site, `${version}.img`), bytes);
    const item = { ftype, path: `${version}.img`, size: bytes.length, sha256 };
    const products = {
      'small:i386': { os: 'Small', arch: 'i386', versions: { [version]: { items: { item } } } },
    };
    fs.writeFileSync(path.join(lists, 'images.json'), JSON.stringify({ format: 'products:1.0', products }));
    const index = { images: { datatype: 'image-downloads', path: 'streams/v1/images.json' } };
    fs.writeFileSync(
      path.join(lists, 'index.json'),
      JSON.stringify({ format: 'index:1.0', updated: version, index }),
    );
  };
  offer(offered, '20260101');
  const server = await serve(site, link === undefined ? {} : { link });
  const folder = tempFolder();
  const catalog = unwrap(Catalog.open(path.join(folder, 'catalog.db'), { nowMs: () => 1 }));
  const tasks = new ImageTasks();
  const qemuImg = new QemuImg();
  const notice = vi.fn();
  let ids = 0;
  const activities = new Activities({
    newId: () => `activity-${++ids}`,
    changed: () => undefined,
    removed: () => undefined,
  });
  const common = { catalog, clock: systemClock, nowMs: Date.now, notice, changed: () => undefined };
  const images = new ImageInstalls({
    ...common,
    tasks,
    qemuImg,
    activities,
    mastersFolder: path.join(folder, 'masters'),
    downloadsFolder: path.join(folder, 'downloads'),
    globalLimit: () => new TokenBucket(systemClock, 0).memory,
    connections: () => 2,
  });
  const feeds = new FeedService({
    ...common,
    reader: new LocalFeedReader(systemClock),
    metered: () => false,
    warn: (text) => expect.fail(text),
  });
  const appliances = new ApplianceService({
    ...common,
    images,
    feeds,
    recipesFolder: path.join(folder, 'recipes'),
    isBeingImported: () => false,
    installed: () => undefined,
    qemu: { has: () => false },
    emulator: 'v86 1',
  });
  onTestFinished(async () => {
    await activities.close();
    await feeds.close();
    await tasks.close();
    catalog.close();
  });
  const feed = unwrap(await feeds.add({ location: `${server.url}streams/v1/index.json`, key: null }));
  const only = async () => {
    const [view, ...more] = unwrap(await appliances.list());
    if (view === undefined || more.length > 0) throw new Error('there is one appliance');
    return view;
  };
  const { id } = await only();
  const install = async () => {
    unwrap(await appliances.install({ id }));
    return images.ended(id);
  };
  const filesIn = (name: string) => {
    const there = path.join(folder, name);
    return fs.existsSync(there) ? fs.readdirSync(there) : [];
  };
  const passing = () => unwrap(catalog.read(({ passingFiles }) => passingFiles.list()));
  const listed = () => listedImages(feeds.subscriptions);
  return {
    server,
    listed,
    catalog,
    feeds,
    feed,
    appliances,
    images,
    activities,
    notice,
    id,
    only,
    install,
    filesIn,
    passing,
    offer,
  };
}

const hashOf = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

function qcow2Of(disk: Buffer, ...options: string[]): Buffer {
  const folder = tempFolder();
  fs.writeFileSync(path.join(folder, 'disk.raw'), disk);
  const args = ['convert', '-f', 'raw', '-O', 'qcow2', ...options, 'disk.raw', 'disk.qcow2'];
  execFileSync('qemu-img', args, { cwd: folder });
  return fs.readFileSync(path.join(folder, 'disk.qcow2'));
}

describe('an image of an image server', () => {
  it('says that it has to be downloaded, and how much that is', async () => {
    const { only, appliances, id } = await setUp({ ftype: 'disk.raw', bytes: DISK });
    expect(await only()).toMatchObject({
      available: false,
      downloadBytes: DISK.length,
      unavailableBecause: { words: ['download-first'] },
      feed: { signed: false },
      cloudInit: true,
    });
    expect(await appliances.resolve(id)).toMatchObject({ failure: { words: ['download-first'] } });
  });

  it('becomes a master when all of it is here and its checksum is right', async () => {
    const { install, only, appliances, id, notice, filesIn, passing } = await setUp({
      ftype: 'disk.raw',
      bytes: DISK,
    });
    expect(await install()).toEqual(DONE);
    expect(await only()).toMatchObject({ available: true, downloadBytes: null, diskBytes: DISK.length });
    const { master } = unwrap(await appliances.resolve(id));
    expect(master).toMatchObject({
      owned: true,
      format: 'raw',
      lengthBytes: DISK.length,
      importState: 'ready',
    });
    expect(Buffer.compare(fs.readFileSync(master.location), DISK)).toBe(0);
    expect(notice).toHaveBeenCalledWith(expect.objectContaining({ kind: 'imported' }));
    expect([filesIn('downloads'), passing()]).toEqual([[], []]);
  });

  it('is refused with another checksum, and nothing of it remains', async () => {
    const { install, only, filesIn, passing, notice } = await setUp({
      ftype: 'disk.raw',
      bytes: DISK,
      sha256: 'ab'.repeat(32),
    });
    expect(await install()).toMatchObject({ failure: { code: 'source-changed' } });
    expect(await only()).toMatchObject({ available: false, downloadBytes: DISK.length });
    expect(notice).toHaveBeenCalledWith(expect.objectContaining({ kind: 'import-failed' }));
    expect([filesIn('masters'), passing()]).toEqual([[], []]);
  });

  it.runIf(HAS_QEMU_IMG)('may be a qcow2 image, whose disk is larger than its file', async () => {
    const { install, only, appliances, id, filesIn } = await setUp({
      ftype: 'disk-kvm.img',
      bytes: qcow2Of(DISK, '-c'),
    });
    expect(await install()).toEqual(DONE);
    expect(await only()).toMatchObject({ available: true, diskBytes: DISK.length });
    const { master } = unwrap(await appliances.resolve(id));
    expect(Buffer.compare(fs.readFileSync(master.location), DISK)).toBe(0);
    expect(filesIn('downloads')).toEqual([]);
  });

  it.runIf(HAS_QEMU_IMG)('that names a file of this computer is refused', async () => {
    const folder = tempFolder();
    fs.writeFileSync(path.join(folder, 'secret.raw'), DISK);
    const image = path.join(folder, 'bait.qcow2');
    const args = ['create', '-q', '-f', 'qcow2', '-F', 'raw', '-b', path.join(folder, 'secret.raw'), image];
    execFileSync('qemu-img', args);
    const { install, filesIn } = await setUp({ ftype: 'disk-kvm.img', bytes: fs.readFileSync(image) });
    expect(await install()).toMatchObject({ failure: { words: ['needs-backing-file', expect.any(String)] } });
    expect(filesIn('masters')).toEqual([]);
  });

  it('that is compressed in a way nobody here knows is not offered', async () => {
    const { only, appliances, id } = await setUp({ ftype: 'disk.raw.xz', bytes: DISK });
    const words = ['cannot-unpack', 'xz'];
    expect(await only()).toMatchObject({ downloadBytes: null, unavailableBecause: { words } });
    expect(await appliances.install({ id })).toMatchObject({ failure: { words } });
  });

  it('stays as far as it came when the program ends, and goes when it is cancelled', async () => {
    const slow = { bitsPerSecond: 8 * 256 * KIB, roundTripMs: 1 };
    const bytes = Buffer.concat(Array.from({ length: 8 }, () => DISK));
    const { appliances, activities, images, id, filesIn, only } = await setUp(
      { ftype: 'disk.raw', bytes },
      slow,
    );
    unwrap(await appliances.install({ id }));
    await vi.waitFor(() => expect(filesIn('downloads')).not.toEqual([]), { timeout: 20_000 });
    const ended = images.ended(id);
    await activities.close();
    expect(await ended).toMatchObject({ failure: { code: 'cancelled' } });
    expect(filesIn('downloads')).toHaveLength(1);
    unwrap(await appliances.install({ id }));
    const [running] = unwrap(await activities.list());
    unwrap(await activities.cancel({ id: running?.id ?? '' }));
    expect(filesIn('downloads')).toEqual([]);
    expect(await only()).toMatchObject({ available: false, downloadBytes: bytes.length });
  });

  it.each([
    ['disk.raw', DISK],
    ['disk.raw.gz', zlib.gzipSync(DISK)],
  ])(
    'published as %s survives the end of the program at any step: fetched once, and nothing is left',
    async (ftype, bytes) => {
      class Killed extends Error {}
      for (let lifetime = 0, survived = false; !survived; lifetime++) {
        const { install, images, catalog, server, passing, filesIn, listed } = await setUp({ ftype, bytes });
        const { bytesSent } = server.statistics();
        const change = catalog.change.bind(catalog);
        let steps = 0;
        const step = () => {
          if (steps++ >= lifetime) throw new Killed();
        };
        catalog.change = (deed) => {
          step();
          const done = change(deed);
          step();
          return done;
        };
        const living = install();
        survived = await living.then(
          ({ ok }) => ok,
          (error: unknown) => {
            if (error instanceof Killed) return false;
            throw error;
          },
        );
        catalog.change = change;
        // The next start.
        for (const deleted of unwrap(await deleteAllPassing(catalog, imageFiles))) unwrap(deleted);
        unwrap(images.tidy(listed()));
        unwrap(await install());
        expect([filesIn('downloads'), filesIn('masters').length, passing()]).toEqual([[], 1, []]);
        // A byte is asked for at each opening.
        expect(server.statistics().bytesSent - bytesSent).toBeLessThan(bytes.length + 10);
      }
    },
    // A whole life of an installation for each of its steps.
    300_000,
  );

  it('that no list has any more leaves nothing of its download', async () => {
    const { filesIn, images, catalog } = await setUp({ ftype: 'disk.raw', bytes: DISK });
    const folder = path.join(path.dirname(catalog.path), 'downloads');
    fs.mkdirSync(folder);
    for (const name of ['wanted.image.part', 'gone.image.part', '.gone.image.part.lock']) {
      fs.writeFileSync(path.join(folder, name), 'left');
    }
    expect(images.tidy(null)).toEqual(DONE);
    expect(filesIn('downloads')).toHaveLength(3);
    expect(images.tidy(new Set(['wanted']))).toEqual(DONE);
    expect(filesIn('downloads')).toEqual(['wanted.image.part']);
  });

  it('may be on any list that is lost, and keeps what was downloaded', async () => {
    const { listed, feeds } = await setUp({ ftype: 'disk.raw', bytes: DISK });
    const [known] = feeds.subscriptions;
    expect(listed()?.size).toBe(1);
    expect(listedImages(known === undefined ? [] : [known, { ...known, listing: null }])).toBeNull();
  });

  it('in a newer version takes the place of the old one, whose file goes when no machine needs it', async () => {
    const { install, only, offer, feeds, feed, passing, filesIn } = await setUp({
      ftype: 'disk.raw',
      bytes: DISK,
    });
    unwrap(await install());
    const [old] = filesIn('masters');
    const newer = Buffer.alloc(MIB, 'a newer one');
    offer({ ftype: 'disk.raw', bytes: newer }, '20260202');
    unwrap(await feeds.refresh({ id: feed.id }));
    expect(await only()).toMatchObject({ available: true, downloadBytes: MIB, version: '20260202' });
    unwrap(await install());
    expect(await only()).toMatchObject({ available: true, downloadBytes: null, diskBytes: MIB });
    expect(passing()).toMatchObject([
      { path: expect.stringContaining(old ?? '?') as string, why: 'deleting' },
    ]);
  });
});
