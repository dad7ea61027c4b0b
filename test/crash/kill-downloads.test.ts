/**
 * What is fetched for the catalog, with the process that fetches it killed at any moment: a refresh of a feed, and the
 * installation of an image, which is downloaded, unpacked or converted, and entered.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import zlib from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { Catalog, type Tables } from '../../main/catalog/catalog.ts';
import { LocalFeedReader } from '../../main/feeds/feed-reader.ts';
import { QemuImg } from '../../main/storage/overlays/qemu-img.ts';
import { systemClock } from '../../shared/clock.ts';
import { unwrap } from '../../shared/result.ts';
import { MIB } from '../../shared/units.ts';
import { aFeed, anEntry, DAY_MS, newKey, publish } from '../support/feeds.ts';
import { HeadwaterProcess } from '../support/headwater-process.ts';
import { writeRaw } from '../support/image-files.ts';
import { MachineRoom } from '../support/machine-room.ts';
import { SeededRandom } from '../support/seeded-random.ts';
import { serve } from '../support/served.ts';
import { tempFolder } from '../support/temp-folder.ts';

const KILLS = Math.ceil(Number(process.env['HEADWATER_KILLS'] ?? 60) / 6);
const SEED = Number(process.env['HEADWATER_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const HAS_QEMU_IMG = await new QemuImg().isAvailable();

/** The data of a user, and the command as that user runs it. */
class Household {
  readonly #home = tempFolder();
  readonly dataFolder = path.join(this.#home, 'headwater');

  constructor() {
    fs.mkdirSync(this.dataFolder);
  }

  #start(args: readonly string[]): HeadwaterProcess {
    return HeadwaterProcess.start(args, { env: { XDG_DATA_HOME: this.#home } });
  }

  /** Runs a command to its end. @returns how long that took, in milliseconds */
  async run(...args: readonly string[]): Promise<number> {
    const startedMs = systemClock.now();
    const command = this.#start(args);
    expect(await command.ended, command.output).toEqual({ code: 0, signal: null });
    return Math.ceil(systemClock.now() - startedMs);
  }

  /** Kills the command after that time, and only that: whom it has started must end by itself. */
  async runAndKill(afterMs: number, ...args: readonly string[]): Promise<void> {
    const command = this.#start(args);
    await new Promise((resolve) => setTimeout(resolve, afterMs));
    try {
      process.kill(command.pid, 'SIGKILL');
    } catch {
      // It was quicker this time.
    }
    await command.ended;
  }

  /** What the catalog has, which must be in order. */
  reading<T>(look: (tables: Tables) => T): T {
    const catalog = unwrap(Catalog.open(path.join(this.dataFolder, 'catalog.db'), { nowMs: Date.now }));
    try {
      return unwrap(catalog.read(look));
    } finally {
      unwrap(catalog.close());
    }
  }

  /** Opens and closes the app, which clears up what was left behind. */
  async openApp(): Promise<void> {
    const room = new MachineRoom();
    const backEnd = await room.open({ dataFolder: this.dataFolder });
    unwrap(await backEnd.feeds.list());
    await room.close();
  }

  /** How much of the image that is being installed is here; null for all of it. */
  downloadedBytes(): number | null {
    const here = this.files().filter((file) => !path.basename(file).startsWith('.'));
    if (here.some((file) => /\.(image|raw)$/.test(file))) return null;
    const part = here.find((file) => file.endsWith('.image.part'));
    return part === undefined ? 0 : fs.statSync(path.join(this.dataFolder, part)).size;
  }

  files(): string[] {
    const found = fs.readdirSync(this.dataFolder, { recursive: true, withFileTypes: true });
    return found
      .filter((entry) => entry.isFile())
      .map((entry) => path.relative(this.dataFolder, path.join(entry.parentPath, entry.name)))
      .filter((name) => !/^catalog\.db(-wal|-shm)?$/.test(name))
      .sort();
  }
}

describe('a feed whose refresh is killed', () => {
  it(`serves its last good copy after each of ${KILLS} kills (HEADWATER_SEED=${SEED})`, async () => {
    const random = new SeededRandom(SEED);
    const site = tempFolder();
    const key = newKey();
    const many = Array.from({ length: 1000 }, (_, number) => anEntry({ id: `a-${number}` }));
    const issue = (serial: number) => {
      const [issued, expires] = [Date.now() - DAY_MS, Date.now() + DAY_MS].map((ms) =>
        new Date(ms).toISOString(),
      );
      publish(
        site,
        aFeed(key, { serial, issued: issued ?? '', expires: expires ?? '', appliances: many }),
        key,
      );
    };
    issue(1);
    const household = new Household();
    const { url } = await serve(site);
    await household.run('feed', 'subscribe', `${url}feed.json`, '--trust');
    issue(2);
    const usualMs = await household.run('feed', 'refresh');
    let serial = 2;
    for (let kills = 0; kills < KILLS; kills++) {
      issue(serial + 1);
      await household.runAndKill(random.integer(0, usualMs), 'feed', 'refresh');
      const { row, copy } = household.reading(({ feeds }) => {
        const [only] = feeds.list();
        return { row: only, copy: only === undefined ? null : feeds.copyOf(only.id) };
      });
      if (row === undefined || copy === null) throw new Error('the feed, or its copy, is lost');
      expect([serial, serial + 1]).toContain(row.serial);
      const { kind, location } = row;
      const listing = unwrap(await new LocalFeedReader(systemClock).read({ kind, location, copy }));
      expect([listing.serial, listing.appliances.length]).toEqual([row.serial, many.length]);
      serial = row.serial;
    }
    issue(serial + 1);
    await household.run('feed', 'refresh');
    expect(household.files()).toEqual([]);
  });
});

const INSTALL = ['appliances', 'install', 'Small'];
const DISK_BYTES = 24 * MIB;
/** Two seconds for all of it, and more for the rest. */
const LINK = { bitsPerSecond: (DISK_BYTES * 8) / 2, roundTripMs: 1 };

describe('an image whose installation is killed', () => {
  interface Published {
    readonly name: string;
    /** Makes what is published of a raw disk. */
    readonly pack: (raw: string, image: string) => void;
  }
  const gzipped: Published = {
    name: 'disk.raw.gz',
    pack: (raw, image) => fs.writeFileSync(image, zlib.gzipSync(fs.readFileSync(raw), { level: 1 })),
  };
  const plain: Published = { name: 'disk.raw', pack: (raw, image) => fs.copyFileSync(raw, image) };
  const qcow2: Published = {
    name: 'disk.qcow2',
    pack: (raw, image) => execFileSync('qemu-img', ['convert', '-f', 'raw', '-O', 'qcow2', raw, image]),
  };

  it.each(HAS_QEMU_IMG ? [plain, gzipped, qcow2] : [plain, gzipped])(
    `published as $name: nothing is fetched twice, nothing is wrong, nothing is left (HEADWATER_SEED=${SEED})`,
    async ({ name, pack }) => {
      const random = new SeededRandom(SEED);
      const site = tempFolder();
      const raw = path.join(site, 'raw');
      writeRaw(raw, DISK_BYTES);
      const image = path.join(site, name);
      pack(raw, image);
      offer(site, name);
      /** Where in the image the requests of a run began. */
      let asked: number[] = [];
      const { url } = await serve(site, {
        link: LINK,
        onRequest: ({ path: file, range }) => {
          // A single byte asks for the length.
          if (file === `/${name}` && range !== null && range.length > 1) asked.push(range.offset);
        },
      });
      const subscribed = async () => {
        const household = new Household();
        await household.run('feed', 'subscribe', `${url}streams/v1/index.json`, '--trust');
        return household;
      };
      const usualMs = await (await subscribed()).run(...INSTALL);
      const household = await subscribed();
      const masters = () => household.reading((tables) => tables.masters.list().filter(({ owned }) => owned));
      const expectWhole = () => {
        const [master, ...more] = masters();
        expect(more).toEqual([]);
        expect(fs.readFileSync(master?.location ?? '').equals(fs.readFileSync(raw))).toBe(true);
      };
      const expectNothingTwice = async (run: () => Promise<unknown>) => {
        const here = household.downloadedBytes() ?? fs.statSync(image).size;
        asked = [];
        await run();
        for (const offset of asked) expect(offset, 'fetched though it was here').toBeGreaterThanOrEqual(here);
      };
      for (let kills = 0; kills < KILLS && masters().length === 0; kills++) {
        await expectNothingTwice(() => household.runAndKill(random.integer(0, usualMs), ...INSTALL));
        if (masters().length > 0) expectWhole();
      }
      await expectNothingTwice(() => household.run(...INSTALL));
      expectWhole();
      await household.openApp();
      expect(household.files()).toEqual([path.join('masters', `${masters()[0]?.id ?? ''}.raw`)]);
    },
  );
});

/** Lists the image as image servers do. */
function offer(site: string, name: string): void {
  const bytes = fs.readFileSync(path.join(site, name));
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const item = { ftype: name, path: name, size: bytes.length, sha256 };
  const products = {
    'small:i386': { os: 'Small', arch: 'i386', versions: { '20260101': { items: { item } } } },
  };
  const lists = path.join(site, 'streams/v1');
  fs.mkdirSync(lists, { recursive: true });
  fs.writeFileSync(path.join(lists, 'images.json'), JSON.stringify({ format: 'products:1.0', products }));
  const index = { images: { datatype: 'image-downloads', path: 'streams/v1/images.json' } };
  fs.writeFileSync(
    path.join(lists, 'index.json'),
    JSON.stringify({ format: 'index:1.0', updated: 'now', index }),
  );
}
