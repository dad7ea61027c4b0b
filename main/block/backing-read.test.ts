import { describe, expect, it } from 'vitest';
import { unwrap } from '../../shared/result.ts';
import { KIB } from '../../shared/units.ts';
import { newQed } from '../../test/support/qed-disk.ts';
import { contentAt, readPadded } from './backing-read.ts';
import { InFlight } from './in-flight.ts';
import { MemoryDevice } from '../../test/support/memory-device.ts';

describe('reading from a backing device', () => {
  it('gives zeroes past its end and where there is none', async () => {
    const device = MemoryDevice.of(new Uint8Array(10).fill(1));
    for (const [source, offset, wanted] of [
      [device, 8, [1, 1, 0, 0]],
      [device, 10, [0, 0, 0, 0]],
      [device, 100, [0, 0, 0, 0]],
      [null, 0, [0, 0, 0, 0]],
    ] as const) {
      const target = new Uint8Array(4).fill(9);
      unwrap(await readPadded(source, offset, target));
      expect([...target]).toEqual(wanted);
    }
  });
});

describe('what is known of the content of a chain', () => {
  it('goes down through unallocated clusters to the layer that decides', async () => {
    const base = new MemoryDevice(256 * KIB);
    unwrap(await base.write(128 * KIB, new Uint8Array([1])));
    const { device } = await newQed(
      { imageBytes: 512 * KIB, clusterBytes: 64 * KIB, backing: { name: 'b', raw: true } },
      base,
    );
    unwrap(await device.write(64 * KIB, new Uint8Array([1])));
    const at = async (offset: number) => unwrap(await contentAt(device, offset, 512 * KIB - offset));
    expect(await at(0)).toEqual({ zero: true, depth: 2, length: 64 * KIB });
    expect(await at(64 * KIB)).toEqual({ zero: false, depth: 1, length: 64 * KIB });
    expect(await at(128 * KIB)).toEqual({ zero: false, depth: 2, length: 64 * KIB });
    expect(await at(192 * KIB)).toEqual({ zero: true, depth: 2, length: 64 * KIB });
    expect(await at(256 * KIB)).toEqual({ zero: true, depth: 2, length: 256 * KIB });
    expect(unwrap(await contentAt(device, 600 * KIB, 10))).toEqual({ zero: true, depth: 1, length: 10 });
    expect(unwrap(await contentAt(null, 0, 10))).toEqual({ zero: true, depth: 0, length: 10 });
  });
});

describe('a count of operations under way', () => {
  it('tells when the last one has ended', async () => {
    const operations = new InFlight();
    const order: string[] = [];
    await operations.idle();
    let end = () => {};
    const long = operations.track(() => new Promise<void>((resolve) => (end = resolve)));
    operations.enter();
    const idle = operations.idle().then(() => order.push('idle'));
    operations.leave();
    await Promise.resolve();
    expect([operations.count, ...order]).toEqual([1]);
    order.push('end');
    end();
    await Promise.all([long, idle]);
    expect([operations.count, ...order]).toEqual([0, 'end', 'idle']);
  });
});
