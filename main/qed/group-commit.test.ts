import { describe, expect, it } from 'vitest';
import { unwrap, type Err } from '../../shared/result.ts';
import { MIB } from '../../shared/units.ts';
import { ImageLog } from '../../test/support/logging-file.ts';
import { newQed, openQed, pattern, readAll } from '../../test/support/qed-disk.ts';
import { SimulatedClock } from '../../test/support/simulated-clock.ts';
import { checkQed } from './check.ts';

/** Layout: header in cluster 0, L1 in cluster 1; a table before the data that it leads to. */
const CLUSTER = 4096;

async function setUp(names: Record<number, string>) {
  const log = new ImageLog((position) =>
    position < CLUSTER ? 'header' : position < 2 * CLUSTER ? 'L1' : names[Math.floor(position / CLUSTER)],
  );
  const clock = new SimulatedClock();
  const background: Err[] = [];
  const { file, device } = await newQed(
    { imageBytes: 10 * MIB, clusterBytes: CLUSTER, tableClusters: 1 },
    null,
    log.options,
    { clock, onBackgroundFailure: (failure) => background.push(failure) },
  );
  return { log, clock, background, file, device };
}

/** The first write takes cluster 2 for the table and cluster 3 for its data. */
const ONE_TABLE = { 2: 'L2' };
const cluster = (tag: number) => pattern(CLUSTER, tag);

describe('a group commit', () => {
  it('writes data, syncs, writes tables, syncs, and only then the L1 entries that lead to them', async () => {
    const { log, device } = await setUp(ONE_TABLE);
    unwrap(await device.write(0, cluster(1)));
    // An empty table comes first: where it finds no room there is no data that nothing leads to.
    expect(log.take()).toEqual(['L2', 'data']);
    unwrap(await device.flush());
    expect(log.take()).toEqual(['sync', 'L2', 'sync', 'L1', 'sync']);
  });

  it('saves a sync when no L1 entry changed', async () => {
    const { log, device } = await setUp(ONE_TABLE);
    unwrap(await device.write(0, cluster(1)));
    unwrap(await device.flush());
    log.take();
    unwrap(await device.write(CLUSTER, cluster(2)));
    unwrap(await device.write(2 * CLUSTER, cluster(3)));
    unwrap(await device.flush());
    expect(log.take()).toEqual(['data', 'data', 'sync', 'L2', 'sync']);
  });

  it('is no more than a sync when no entry changed', async () => {
    const { log, device } = await setUp(ONE_TABLE);
    unwrap(await device.write(0, cluster(1)));
    unwrap(await device.flush());
    log.take();
    unwrap(await device.write(100, pattern(100, 2)));
    unwrap(await device.flush());
    expect(log.take()).toEqual(['data', 'sync']);
  });

  it('carries many writes to many tables with three syncs', async () => {
    const { log, device } = await setUp({});
    const writes = Array.from({ length: 40 }, (_, i) =>
      device.write((i % 5) * 2 * MIB + i * CLUSTER, cluster(i + 1)),
    );
    for (const written of await Promise.all(writes)) unwrap(written);
    log.take();
    unwrap(await device.flush());
    expect(log.take().filter((entry) => entry === 'sync')).toHaveLength(3);
  });

  it('runs by itself after the delay, without a flush', async () => {
    const { log, clock, device } = await setUp(ONE_TABLE);
    unwrap(await device.write(0, cluster(1)));
    await clock.advance(199);
    expect(log.take()).toEqual(['L2', 'data']);
    await clock.advance(1);
    expect(log.take()).toEqual(['sync', 'L2', 'sync', 'L1']);
    await clock.advance(10_000);
    expect(log.take()).toEqual([]);
  });

  it('begins early when many slices wait, so that memory stays bounded', async () => {
    const log = new ImageLog((position) => (position === CLUSTER ? 'L1' : undefined));
    const { device } = await newQed(
      { imageBytes: 100 * MIB, clusterBytes: CLUSTER, tableClusters: 1 },
      null,
      log.options,
      { tableCacheBytes: 4 * CLUSTER },
    );
    for (let table = 0; table < 3; table++) unwrap(await device.write(table * 2 * MIB, cluster(1)));
    expect(log.entries).not.toContain('sync');
    for (let table = 3; table < 40; table++) unwrap(await device.write(table * 2 * MIB, cluster(1)));
    expect(log.entries).toContain('L1');
  });

  it('leaves entries that come while it runs to the next group', async () => {
    const { log, device } = await setUp(ONE_TABLE);
    const release = log.hold('sync');
    unwrap(await device.write(0, cluster(1)));
    const first = device.flush();
    unwrap(await device.write(CLUSTER, cluster(2)));
    const second = device.flush();
    release();
    unwrap(await first);
    unwrap(await second);
    const [before, after] = [log.entries.indexOf('L1'), log.entries.lastIndexOf('L2')];
    expect(after).toBeGreaterThan(before);
  });

  it('shares one run among all flushes that wait for it', async () => {
    const { log, device } = await setUp(ONE_TABLE);
    unwrap(await device.write(0, cluster(1)));
    unwrap(await device.flush());
    log.take();
    await Promise.all(Array.from({ length: 20 }, async () => unwrap(await device.flush())));
    expect(log.take()).toEqual(['sync', 'sync']);
  });

  it.each(['L2', 'L1'])(
    'keeps the entries of a group whose write of %s failed for the next one',
    async (name) => {
      const { log, file, device } = await setUp(ONE_TABLE);
      unwrap(await device.write(0, cluster(1)));
      log.failing.push(name);
      expect(await device.flush()).toMatchObject({ failure: { code: 'io', message: `injected: ${name}` } });
      unwrap(await device.write(CLUSTER, cluster(2)));
      unwrap(await device.flush());
      unwrap(await device.close());
      const copy = file.reopened();
      expect(unwrap(await checkQed(copy, 'none'))).toMatchObject({
        corruptions: 0,
        leaks: 0,
        allocatedClusters: 2,
      });
      expect(Buffer.compare(await readAll(await openQed(copy), 0, CLUSTER), cluster(1))).toBe(0);
    },
  );

  it('tells of a failure that no request waits for, and tries again', async () => {
    const { log, clock, background, device } = await setUp(ONE_TABLE);
    unwrap(await device.write(0, cluster(1)));
    log.failing.push('L2');
    await clock.advance(250);
    expect(background).toMatchObject([{ failure: { code: 'io' } }]);
    await clock.advance(250);
    expect(log.entries.at(-1)).toBe('L1');
    expect(background).toHaveLength(1);
  });

  it('never calls anything durable again after a sync failed: the kernel may have dropped the data', async () => {
    const { log, clock, background, device } = await setUp(ONE_TABLE);
    unwrap(await device.write(0, cluster(1)));
    log.failing.push('sync');
    await clock.advance(1000);
    // Told once, not five times a second.
    expect(background).toHaveLength(1);
    const lost = { failure: { code: 'io', message: 'injected: sync' } };
    expect(await device.flush()).toMatchObject(lost);
    unwrap(await device.write(CLUSTER, cluster(2)));
    expect(await device.flush()).toMatchObject(lost);
    expect(await device.dropBacking()).toMatchObject(lost);
    expect(log.take()).toEqual(['L2', 'data', 'sync', 'data']);
    expect(await readAll(device, 0, CLUSTER)).toEqual(cluster(1));
    expect(await device.close()).toMatchObject(lost);
  });
});
