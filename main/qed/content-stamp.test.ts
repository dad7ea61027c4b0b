import { describe, expect, it } from 'vitest';
import { unwrap, type Result } from '../../shared/result.ts';
import { KIB } from '../../shared/units.ts';
import { MemoryFile, Saboteur, type FileOperation } from '../../test/support/memory-file.ts';
import { createdFile, openQed, pattern, readAll } from '../../test/support/qed-disk.ts';
import { SeededRandom } from '../../test/support/seeded-random.ts';
import { SimulatedClock } from '../../test/support/simulated-clock.ts';
import { MemoryDevice } from '../../test/support/memory-device.ts';
import { checkQed } from './check.ts';
import { isContentStamp } from './content-stamp.ts';
import type { CreateOptions } from './create.ts';
import type { QedDevice } from './device.ts';
import { QedImage } from './image.ts';

const STAMP = '00112233445566778899aabbccddeeff';
const OTHER = 'ffeeddccbbaa99887766554433221100';
const CLUSTER = 64 * KIB;
const BYTES = 10 * CLUSTER;
const OVERLAY: CreateOptions = { imageBytes: BYTES, backing: { name: 'base.raw', raw: true } };
const KEEP = { keepContentStamp: true };

const behind = () => MemoryDevice.of(pattern(BYTES, 1));
const openOverlay = (file: MemoryFile) => openQed(file, behind(), KEEP);

/** What the file says to whoever opens it next. */
async function stampIn(file: MemoryFile): Promise<string | null> {
  const image = await QedImage.open(file.reopened({ readOnly: true }), { clock: new SimulatedClock() });
  return unwrap(image).contentStamp;
}

/** What a guest sees. */
async function contentOf(file: MemoryFile): Promise<Buffer> {
  return Buffer.from(await readAll(await openQed(file.reopened({ readOnly: true }), behind())));
}

/** An overlay with a first cluster of data and a second one of zeroes, stamped and closed. */
async function stamped(): Promise<MemoryFile> {
  const file = await createdFile(OVERLAY);
  const device = await openOverlay(file.reopen());
  unwrap(await device.write(0, pattern(CLUSTER, 2)));
  unwrap(await device.writeZeroes(CLUSTER, CLUSTER));
  unwrap(await device.stampContent(STAMP));
  unwrap(await device.close());
  expect(await stampIn(file)).toBe(STAMP);
  return file.reopen();
}

describe('a content stamp', () => {
  it('is 32 hexadecimal digits', () => {
    expect(isContentStamp(STAMP)).toBe(true);
    for (const other of ['', STAMP.toUpperCase(), `${STAMP}0`, `${STAMP.slice(1)}g`, `${STAMP}\n`]) {
      expect(isContentStamp(other)).toBe(false);
    }
  });

  it('can come with a new overlay, whatever the size of its clusters', async () => {
    for (const clusterBytes of [4 * KIB, 64 * KIB]) {
      for (const length of [1, 4000, 4016, 4032, 4095]) {
        const name = 'b'.repeat(length);
        const file = await createdFile({
          ...OVERLAY,
          clusterBytes,
          backing: { name, raw: true },
          contentStamp: STAMP,
        });
        expect(await stampIn(file)).toBe(STAMP);
        const device = await openOverlay(file.reopen());
        expect(device.image.backing?.name).toBe(name);
        expect((await contentOf(file)).equals(pattern(BYTES, 1))).toBe(true);
      }
    }
  });

  it('is refused where a backing name leaves no room, and nothing is changed', async () => {
    const backing = { name: 'b'.repeat(4017), raw: true };
    const file = await createdFile({ ...OVERLAY, clusterBytes: 4 * KIB, backing });
    const before = file.content.toBytes();
    const device = await openOverlay(file.reopen());
    expect(await device.stampContent(STAMP)).toMatchObject({ failure: { code: 'no-space' } });
    expect(Buffer.compare(file.content.toBytes(), before)).toBe(0);
    unwrap(await device.write(0, pattern(512, 3)));
    expect(await stampIn(file)).toBe(null);
  });

  it('replaces the one before', async () => {
    const file = await stamped();
    const device = await openOverlay(file);
    unwrap(await device.stampContent(OTHER));
    unwrap(await device.close());
    expect(await stampIn(file)).toBe(OTHER);
  });
});

describe('a stamped image', () => {
  it('keeps its stamp while a stream fills it, and when its backing file goes', async () => {
    const file = await stamped();
    const device = await openOverlay(file);
    const claim = unwrap(await device.claim(2 * CLUSTER, 3 * CLUSTER));
    if (claim === null) throw new Error('the third cluster is not missing');
    unwrap(await claim.store(pattern(BYTES, 1).subarray(2 * CLUSTER, 3 * CLUSTER)));
    claim.release();
    unwrap(await device.populate([{ offset: 0, length: BYTES }]));
    unwrap(await device.dropBacking());
    expect(device.image.backing).toBe(null);
    unwrap(await device.close());
    expect(await stampIn(file)).toBe(STAMP);
    const streamed = (await contentOf(file)).subarray(2 * CLUSTER);
    expect(streamed.equals(pattern(BYTES, 1).subarray(2 * CLUSTER))).toBe(true);
  });

  const changes: [what: string, change: (device: QedDevice) => Promise<Result<void>>][] = [
    ['a write in place', (device) => device.write(100, pattern(512, 3))],
    ['a write that allocates', (device) => device.write(5 * CLUSTER, pattern(512, 3))],
    ['zeroes', (device) => device.writeZeroes(0, 512)],
    ['a discard', (device) => device.discard(4 * CLUSTER, CLUSTER)],
    ['growth', (device) => device.resize(2 * BYTES)],
  ];

  it.each(changes)('never carries it over other content, wherever the power fails: %s', async (_, change) => {
    const before = await contentOf(await stamped());
    const random = new SeededRandom(1);
    const stamps = new Set<string | null>();
    const look = async () => {
      for (let cut = 0; cut < 5; cut++) {
        const left = new MemoryFile(file.afterPowerCut(random));
        const stamp = await stampIn(left);
        stamps.add(stamp);
        if (stamp !== null) expect((await contentOf(left)).equals(before)).toBe(true);
      }
      return null;
    };
    const file: MemoryFile = (await stamped()).reopened({
      before: ({ kind }) => (kind === 'read' ? null : look()),
      after: async ({ kind }) => {
        if (kind !== 'read') await look();
      },
    });
    const device = await openQed(file, behind(), KEEP);
    unwrap(await change(device));
    unwrap(await device.flush());
    expect(stamps).toEqual(new Set([STAMP, null]));
    expect(await stampIn(file)).toBe(null);
  });

  it.each(changes)('refuses a change when the stamp cannot be cleared: %s', async (_, change) => {
    for (const kind of ['write', 'sync'] as const) {
      const saboteur = new Saboteur(1, (operation) => operation.kind === kind);
      const file = (await stamped()).reopened({ before: saboteur.before });
      const device = await openQed(file, behind(), KEEP);
      expect(await change(device)).toMatchObject({ failure: { code: 'io' } });
      expect((await contentOf(file)).equals(await contentOf(await stamped()))).toBe(true);
    }
  });

  it('makes writes that come together wait for one clearing', async () => {
    const headers: FileOperation[] = [];
    const file = (await stamped()).reopened({
      before: (operation) => {
        if (operation.kind === 'write' && operation.position === 0) headers.push(operation);
        return null;
      },
    });
    const device = await openQed(file, behind(), KEEP);
    const writes = [0, 1, 7, 9].map((index) => device.write(index * CLUSTER, pattern(512, 4)));
    for (const written of await Promise.all(writes)) unwrap(written);
    expect(headers).toHaveLength(1);
  });

  it('loses it to whoever opens it for writing without knowing of it', async () => {
    const file = await stamped();
    unwrap(await (await openQed(file.reopen())).close());
    expect(await stampIn(file)).toBe(null);
  });

  it('loses it to a repair that mends something, before that does, and to no other', async () => {
    const sound = await stamped();
    expect(unwrap(await checkQed(sound.reopen(), 'all'))).toMatchObject({ corruptionsFixed: 0 });
    expect(await stampIn(sound)).toBe(STAMP);

    const damaged = await stamped();
    const tableAt = await firstTable(damaged);
    unwrap(await damaged.write(tableAt, new Uint8Array([0, 0, 0, 0xff, 0, 0, 0, 0])));
    expect(unwrap(await checkQed(damaged.reopen(), 'none'))).toMatchObject({ corruptions: 1 });
    expect(await stampIn(damaged)).toBe(STAMP);
    const before: (string | null)[] = [];
    const watched: MemoryFile = damaged.reopened({
      before: async (operation) => {
        if (operation.kind === 'write' && operation.position === tableAt) before.push(await stampIn(watched));
        return null;
      },
    });
    expect(unwrap(await checkQed(watched, 'all'))).toMatchObject({ corruptionsFixed: 1 });
    expect(before).toEqual([null]);
  });
});

describe('stamping', () => {
  it('is all or nothing, at every point at which the power may fail', async () => {
    const random = new SeededRandom(7);
    const found: (string | null)[] = [];
    const look = async () => {
      for (let cut = 0; cut < 20; cut++)
        found.push(await stampIn(new MemoryFile(file.afterPowerCut(random))));
      return null;
    };
    const file: MemoryFile = (await stamped()).reopened({
      before: look,
      after: async () => {
        await look();
      },
    });
    const device = await openQed(file, behind(), KEEP);
    unwrap(await device.stampContent(OTHER));
    expect(new Set(found)).toEqual(new Set([STAMP, null, OTHER]));
    expect(found.at(-1)).toBe(OTHER);
  });

  it('that fails half-way leaves no image whose content changes under its stamp', async () => {
    for (let failAt = 1; ; failAt++) {
      const saboteur = new Saboteur(failAt, ({ kind }) => kind !== 'read');
      const file = (await createdFile(OVERLAY)).reopened({ before: saboteur.before });
      const device = await openQed(file, behind(), KEEP);
      const done = await device.stampContent(STAMP);
      if (!saboteur.struck) {
        expect(done.ok).toBe(true);
        return;
      }
      expect(done).toMatchObject({ failure: { code: 'io' } });
      const written = await device.write(0, pattern(512, 5));
      if (written.ok) expect(await stampIn(file)).toBe(null);
    }
  });
});

/** Where the image's only L2 table lies in its file. */
async function firstTable(file: MemoryFile): Promise<number> {
  const entry = new Uint8Array(8);
  unwrap(await file.read(CLUSTER, entry));
  return Number(new DataView(entry.buffer).getBigUint64(0, true));
}
