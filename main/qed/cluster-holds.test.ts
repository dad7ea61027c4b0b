import { describe, expect, it } from 'vitest';
import { unwrap } from '../../shared/result.ts';
import { MIB } from '../../shared/units.ts';
import { newQed, pattern } from '../../test/support/qed-disk.ts';
import { ClusterHolds } from './cluster-holds.ts';

const CLUSTER = 4096;

async function setUp() {
  const { device } = await newQed({ imageBytes: 4 * MIB + 512, clusterBytes: CLUSTER, tableClusters: 1 });
  unwrap(await device.write(2 * CLUSTER, pattern(CLUSTER, 1)));
  unwrap(await device.writeZeroes(5 * CLUSTER, CLUSTER));
  return { device, holds: new ClusterHolds(device.image) };
}

describe('holds on clusters', () => {
  it('take a run of one kind up to data, to another kind, or to another hold', async () => {
    const { holds } = await setUp();
    const take = async (cluster: number, end: number) => {
      const hold = unwrap(await holds.take(cluster * CLUSTER, end * CLUSTER, 'without-data'));
      return hold && [hold.kind, hold.offset / CLUSTER, hold.length / CLUSTER];
    };
    expect(await take(0, 10)).toEqual(['unallocated', 0, 2]);
    expect(await take(2, 10)).toBeNull();
    expect(await take(4, 10)).toEqual(['unallocated', 4, 1]);
    expect(await take(3, 10)).toEqual(['unallocated', 3, 1]);
    expect(await take(5, 10)).toEqual(['zero', 5, 1]);
    expect(await take(6, 8)).toEqual(['unallocated', 6, 2]);
    expect(await take(7, 8)).toBeNull();
  });

  it('leave zero clusters alone where only missing ones are wanted', async () => {
    const { holds } = await setUp();
    expect(unwrap(await holds.take(5 * CLUSTER, 6 * CLUSTER, 'unallocated'))).toBeNull();
    expect(holds.isHeld(5 * CLUSTER)).toBe(false);
  });

  it('end with their slice and with the device', async () => {
    const { holds } = await setUp();
    expect(unwrap(await holds.take(MIB, 4 * MIB, 'unallocated'))).toMatchObject({ length: MIB });
    expect(unwrap(await holds.take(4 * MIB, 8 * MIB, 'unallocated'))).toMatchObject({ length: 512 });
  });

  it('wake who waits when they are released, and only then', async () => {
    const { holds } = await setUp();
    const hold = unwrap(await holds.take(0, 2 * CLUSTER, 'unallocated'));
    let woken = 0;
    const waiting = [0, 100, CLUSTER].map((offset) => holds.released(offset).then(() => woken++));
    await holds.released(3 * CLUSTER);
    expect([holds.isHeld(CLUSTER), woken]).toEqual([true, 0]);
    hold?.release();
    await Promise.all(waiting);
    expect([holds.isHeld(CLUSTER), woken]).toEqual([false, 3]);
  });

  it('may be released twice without freeing what somebody else took meanwhile', async () => {
    const { holds } = await setUp();
    const first = unwrap(await holds.take(0, CLUSTER, 'unallocated'));
    first?.release();
    expect(unwrap(await holds.take(0, CLUSTER, 'unallocated'))).not.toBeNull();
    first?.release();
    expect(holds.isHeld(0)).toBe(true);
  });

  it('are given to one of many who ask at once', async () => {
    const { holds } = await setUp();
    const asked = Array.from({ length: 10 }, () => holds.take(0, CLUSTER, 'unallocated'));
    const given = (await Promise.all(asked)).filter((hold) => unwrap(hold) !== null);
    expect(given).toHaveLength(1);
  });
});
