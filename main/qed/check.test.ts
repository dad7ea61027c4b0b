import { describe, expect, it } from 'vitest';
import { unwrap } from '../../shared/result.ts';
import { MIB } from '../../shared/units.ts';
import { Saboteur, type MemoryFile } from '../../test/support/memory-file.ts';
import { newQed, openQed, pattern, readAll } from '../../test/support/qed-disk.ts';
import { checkQed, MAX_FINDINGS, type Repair } from './check.ts';
import { FEATURE } from './format.ts';
import { encodeHeader, readHeader } from './header.ts';

const CLUSTER = 4096;

/**
 * Two tables. Clusters of the file: 0 header, 1 L1, 2 the table of 3-5 data, 6 the table of 7 data at 2 MiB.
 */
async function image(): Promise<MemoryFile> {
  const { file, device } = await newQed({ imageBytes: 4 * MIB, clusterBytes: CLUSTER, tableClusters: 1 });
  unwrap(await device.write(CLUSTER, pattern(3 * CLUSTER, 1)));
  unwrap(await device.write(2 * MIB, pattern(CLUSTER, 2)));
  unwrap(await device.close());
  return file.reopened();
}

const L1 = CLUSTER;
const FIRST_TABLE = 2 * CLUSTER;

async function setEntry(file: MemoryFile, table: number, index: number, entry: number): Promise<void> {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(entry), true);
  unwrap(await file.write(table + index * 8, bytes));
}

const check = async (file: MemoryFile, repair: Repair = 'none') => unwrap(await checkQed(file, repair));

const mark = async (file: MemoryFile) => {
  const { header } = unwrap(await readHeader(file));
  unwrap(await file.write(0, encodeHeader({ ...header, features: header.features | FEATURE.NEED_CHECK })));
};
const isMarked = async (file: MemoryFile) =>
  (unwrap(await readHeader(file)).header.features & FEATURE.NEED_CHECK) !== 0n;

describe('a check', () => {
  it('finds nothing in a good image, and counts its clusters', async () => {
    expect(await check(await image())).toEqual({
      corruptions: 0,
      corruptionsFixed: 0,
      leaks: 0,
      leaksFixed: 0,
      checkErrors: 0,
      allocatedClusters: 4,
      totalClusters: 1024,
      fragmentedClusters: 0,
      findings: [],
    });
  });

  it('changes nothing unless it is told to', async () => {
    const file = await image();
    await setEntry(file, FIRST_TABLE, 1, 77 * CLUSTER);
    unwrap(await file.setLength(20 * CLUSTER));
    const before = file.content.toBytes();
    await check(file.reopened({ readOnly: true }));
    await check(file);
    expect(Buffer.compare(file.content.toBytes(), before)).toBe(0);
  });

  it('counts clusters out of order as fragmented', async () => {
    const file = await image();
    await setEntry(file, FIRST_TABLE, 2, 5 * CLUSTER);
    await setEntry(file, FIRST_TABLE, 3, 4 * CLUSTER);
    expect(await check(file)).toMatchObject({ corruptions: 0, fragmentedClusters: 2 });
  });

  it.each([CLUSTER + 1, 8 * CLUSTER, 0x1000_0000_0000, 2])(
    'finds an L2 entry of %d, and its range',
    async (entry) => {
      const file = await image();
      await setEntry(file, FIRST_TABLE, 2, entry);
      const wrong = {
        problem: 'bad-l2-entry',
        guest: { offset: 2 * CLUSTER, length: CLUSTER },
        fileOffset: entry,
      };
      expect(await check(file)).toMatchObject({
        corruptions: 1,
        leaks: 1,
        findings: [{ ...wrong, repaired: false }],
      });
      const repaired = await check(file, 'all');
      expect(repaired).toMatchObject({
        corruptions: 0,
        corruptionsFixed: 1,
        findings: [{ ...wrong, repaired: true }],
      });
      expect(await check(file)).toMatchObject({ corruptions: 0, leaks: 1, allocatedClusters: 3 });
      expect((await readAll(await openQed(file), 2 * CLUSTER, CLUSTER)).every((byte) => byte === 0)).toBe(
        true,
      );
    },
  );

  it('finds an L1 entry that points outside, with all it covers', async () => {
    const file = await image();
    await setEntry(file, L1, 1, 8 * CLUSTER);
    const wrong = {
      problem: 'bad-l1-entry',
      guest: { offset: 2 * MIB, length: 2 * MIB },
      fileOffset: 8 * CLUSTER,
    };
    expect(await check(file)).toMatchObject({ corruptions: 1, leaks: 2, findings: [wrong] });
    expect(await check(file, 'all')).toMatchObject({ corruptions: 0, corruptionsFixed: 1 });
    expect(await check(file)).toMatchObject({ corruptions: 0, leaks: 2 });
  });

  it('cuts the range it names off at the end of the disk', async () => {
    const { file, device } = await newQed({
      imageBytes: CLUSTER + 512,
      clusterBytes: CLUSTER,
      tableClusters: 1,
    });
    unwrap(await device.write(CLUSTER, pattern(512, 1)));
    unwrap(await device.close());
    const damaged = file.reopened();
    await setEntry(damaged, 2 * CLUSTER, 1, 100 * CLUSTER);
    expect((await check(damaged)).findings).toMatchObject([{ guest: { offset: CLUSTER, length: 512 } }]);
  });

  it('finds clusters that are referred to twice and cannot repair them', async () => {
    const file = await image();
    await setEntry(file, FIRST_TABLE, 3, 3 * CLUSTER);
    await setEntry(file, FIRST_TABLE, 4, FIRST_TABLE);
    await setEntry(file, FIRST_TABLE, 5, L1);
    const report = await check(file, 'all');
    expect(report).toMatchObject({ corruptions: 3, corruptionsFixed: 0 });
    expect(report.findings.map(({ problem, guest }) => [problem, guest.offset / CLUSTER])).toEqual([
      ['cluster-overlap', 3],
      ['cluster-overlap', 4],
      ['cluster-overlap', 5],
    ]);
  });

  it('finds tables that lie on each other or on the L1 table, and does not look into them', async () => {
    const file = await image();
    await setEntry(file, L1, 1, FIRST_TABLE);
    expect(await check(file)).toMatchObject({
      corruptions: 1,
      allocatedClusters: 3,
      findings: [{ problem: 'table-overlap', guest: { offset: 2 * MIB } }],
    });
    await setEntry(file, L1, 1, L1);
    expect(await check(file)).toMatchObject({ corruptions: 1 });
  });

  it('describes the first thousand faults and counts them all', async () => {
    const { file, device } = await newQed({ imageBytes: 8 * MIB, clusterBytes: CLUSTER, tableClusters: 4 });
    unwrap(await device.write(0, pattern(8 * MIB, 1)));
    unwrap(await device.close());
    const damaged = file.reopened();
    unwrap(await damaged.setLength(100 * CLUSTER));
    await setEntry(damaged, L1, 0, 10 * CLUSTER);
    unwrap(await damaged.write(10 * CLUSTER, new Uint8Array(4 * CLUSTER).fill(0xee)));
    const report = await check(damaged);
    expect(report.corruptions).toBe(2048);
    expect(report.findings).toHaveLength(MAX_FINDINGS);
  });
});

describe('leaked clusters', () => {
  it('are counted, and reclaimed at the end of the file', async () => {
    const file = await image();
    unwrap(await file.setLength(20 * CLUSTER + 100));
    expect(await check(file)).toMatchObject({ leaks: 12, leaksFixed: 0 });
    expect(await check(file, 'leaks')).toMatchObject({ leaks: 0, leaksFixed: 12 });
    expect(file.content.length).toBe(8 * CLUSTER);
    expect(await readAll(await openQed(file), CLUSTER, 3 * CLUSTER)).toEqual(pattern(3 * CLUSTER, 1));
  });

  it('stay between used clusters', async () => {
    const file = await image();
    await setEntry(file, FIRST_TABLE, 1, 0);
    unwrap(await file.setLength(9 * CLUSTER));
    expect(await check(file, 'leaks')).toMatchObject({ leaks: 1, leaksFixed: 1 });
    expect(file.content.length).toBe(8 * CLUSTER);
  });

  it('are not a stray part of a cluster', async () => {
    const file = await image();
    unwrap(await file.setLength(8 * CLUSTER + 100));
    expect(await check(file)).toMatchObject({ leaks: 0 });
  });

  it.each(['leaks', 'all'] as const)(
    'are kept by %s where a table is damaged: they may be its data',
    async (repair) => {
      for (const entry of [FIRST_TABLE, 100 * CLUSTER]) {
        const file = await image();
        await setEntry(file, L1, 1, entry);
        const report = await check(file, repair);
        expect(report).toMatchObject({ leaks: 2, leaksFixed: 0 });
        expect(file.content.length).toBe(8 * CLUSTER);
      }
    },
  );

  it('are not counted where a table cannot be read', async () => {
    const file = await image();
    unwrap(await file.setLength(20 * CLUSTER));
    const bad = (position: number) =>
      new Saboteur(1, (operation) => operation.kind === 'read' && operation.position === position);
    const report = await check(file.reopened({ before: bad(FIRST_TABLE).before }), 'all');
    expect(report).toMatchObject({ checkErrors: 1, leaks: 0, leaksFixed: 0 });
    expect((await checkQed(file.reopened({ before: bad(L1).before }), 'none')).ok).toBe(false);
  });
});

describe('the mark that asks for a check', () => {
  it('is cleared by a repair that leaves no corruption', async () => {
    const file = await image();
    await mark(file);
    await setEntry(file, FIRST_TABLE, 1, 77 * CLUSTER);
    await check(file, 'leaks');
    expect(await isMarked(file)).toBe(true);
    await check(file, 'all');
    expect(await isMarked(file)).toBe(false);
  });

  it('stays where clusters are shared', async () => {
    const file = await image();
    await mark(file);
    await setEntry(file, FIRST_TABLE, 1, 4 * CLUSTER);
    await check(file, 'all');
    expect(await isMarked(file)).toBe(true);
  });

  it('is cleared last: repaired tables are on the disk before', async () => {
    const file = await image();
    await mark(file);
    await setEntry(file, FIRST_TABLE, 1, 77 * CLUSTER);
    const operations: string[] = [];
    const watched = file.reopened({
      before: (operation) => {
        if (operation.kind === 'write') operations.push(operation.position === 0 ? 'header' : 'table');
        if (operation.kind === 'sync') operations.push('sync');
        return null;
      },
    });
    await check(watched, 'all');
    expect(operations).toEqual(['table', 'sync', 'header', 'sync']);
  });

  it('survives a repair that failed halfway', async () => {
    const file = await image();
    await mark(file);
    await setEntry(file, FIRST_TABLE, 1, 77 * CLUSTER);
    for (let failAt = 1; ; failAt++) {
      const saboteur = new Saboteur(failAt, ({ kind }) => kind !== 'read');
      const copy = file.reopened({ before: saboteur.before });
      const checked = await checkQed(copy, 'all');
      if (!saboteur.struck) break;
      expect(checked.ok && checked.value.checkErrors === 0).toBe(false);
      if (failAt < 4) expect(await isMarked(copy)).toBe(true);
    }
  });
});
