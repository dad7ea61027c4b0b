import { describe, expect, it } from 'vitest';
import { err, unwrap, type Err, type Result } from '../../shared/result.ts';
import { KIB, MIB } from '../../shared/units.ts';
import { createdFile, newQed, openQed, pattern, readAll } from '../../test/support/qed-disk.ts';
import { describeBlockDevice } from '../block/device.conformance.ts';
import type { BlockDevice } from '../block/device.ts';
import { MemoryDevice } from '../../test/support/memory-device.ts';
import type { OverlayDevice } from '../block/overlay.ts';
import { checkQed } from './check.ts';

const CLUSTER = 4096;
const SMALL = { clusterBytes: CLUSTER, tableClusters: 1 };
const BACKING = { name: 'base', raw: true };

async function filled(content: Uint8Array, sizes: object): Promise<BlockDevice> {
  const { device } = await newQed({ imageBytes: content.length, ...sizes });
  unwrap(await device.write(0, content));
  return device;
}

async function over(backing: BlockDevice, sizes: object = SMALL, imageBytes = backing.lengthBytes) {
  return newQed({ imageBytes, backing: BACKING, ...sizes }, backing);
}

describeBlockDevice('QED without backing file', { make: (content) => filled(content, SMALL) });
describeBlockDevice('QED with default sizes', { make: (content) => filled(content, {}) });
describeBlockDevice('read-only QED', {
  make: async (content) => {
    const { file, device } = await newQed({ imageBytes: content.length, ...SMALL });
    unwrap(await device.write(0, content));
    unwrap(await device.close());
    return openQed(file.reopened({ readOnly: true }));
  },
});
describeBlockDevice('QED over raw', {
  make: async (content) => (await over(MemoryDevice.of(content))).device,
});
describeBlockDevice('a chain of three QED images of different sizes', {
  make: async (content) => {
    const half = content.length / 2;
    const { device: middle } = await over(
      MemoryDevice.of(content.subarray(0, 100_000)),
      {},
      content.length - 512,
    );
    unwrap(await middle.write(100_000, content.subarray(100_000, half)));
    const { device: top } = await over(middle, { clusterBytes: 8192, tableClusters: 2 }, content.length);
    unwrap(await top.write(half, content.subarray(half)));
    return top;
  },
});

/** A backing device whose reads wait, or fail, at the test's word. */
class Slow extends MemoryDevice {
  readonly reads: { go: () => void }[] = [];
  held = false;
  failure: Err | null = null;
  closed = false;
  readonly #content: MemoryDevice;

  constructor(content: Uint8Array) {
    super(content.length, { name: 'slow' });
    this.#content = MemoryDevice.of(content);
  }

  override async read(offset: number, target: Uint8Array): Promise<Result<void>> {
    if (this.closed) throw new Error('read after close');
    if (this.held) await new Promise<void>((go) => this.reads.push({ go }));
    return this.failure ?? this.#content.read(offset, target);
  }

  override async extentAt(offset: number, length: number) {
    return this.#content.extentAt(offset, length);
  }

  override async close(): Promise<Result<void>> {
    this.closed = true;
    return super.close();
  }

  release(): void {
    this.held = false;
    for (const { go } of this.reads.splice(0)) go();
  }
}

function given<T>(value: T | null): T {
  if (value === null) throw new Error('nothing was given');
  return value;
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('reading a QED disk', () => {
  it('takes data from the image, zeroes from zero clusters, the rest from the backing file', async () => {
    const base = pattern(5 * CLUSTER, 1);
    const { device } = await over(MemoryDevice.of(base));
    unwrap(await device.write(CLUSTER, pattern(CLUSTER, 2)));
    unwrap(await device.writeZeroes(2 * CLUSTER, CLUSTER));
    const expected = base.slice();
    expected.set(pattern(CLUSTER, 2), CLUSTER);
    expected.fill(0, 2 * CLUSTER, 3 * CLUSTER);
    expect(await readAll(device)).toEqual(expected);
    const kinds = [0, 1, 2, 3].map(async (n) => unwrap(await device.extentAt(n * CLUSTER, CLUSTER)));
    expect((await Promise.all(kinds)).map(({ kind }) => kind)).toEqual([
      'unallocated',
      'data',
      'zero',
      'unallocated',
    ]);
  });

  it.each([512, 1000, CLUSTER, CLUSTER + 512])(
    'gives zeroes behind a backing file of %d bytes',
    async (length) => {
      const { device } = await over(MemoryDevice.of(pattern(length, 1)), SMALL, 3 * CLUSTER);
      const expected = new Uint8Array(3 * CLUSTER);
      expected.set(pattern(length, 1));
      expect(await readAll(device)).toEqual(expected);
    },
  );

  it('shows nothing of a backing file behind its own end', async () => {
    const { device } = await over(MemoryDevice.of(pattern(10 * CLUSTER, 1)), SMALL, 2 * CLUSTER + 512);
    expect(await readAll(device)).toEqual(pattern(2 * CLUSTER + 512, 1));
    expect(await device.read(2 * CLUSTER, new Uint8Array(513))).toMatchObject({
      failure: { code: 'out-of-range' },
    });
  });

  it('reads what consecutive clusters hold at once', async () => {
    let reads = 0;
    const { file, device } = await newQed({ imageBytes: MIB, ...SMALL });
    unwrap(await device.write(0, pattern(100 * CLUSTER, 1)));
    unwrap(await device.close());
    const again = await openQed(file.reopened({ before: ({ kind }) => (kind === 'read' && reads++, null) }));
    await readAll(again, 0, CLUSTER);
    reads = 0;
    await readAll(again, 0, 100 * CLUSTER);
    expect(reads).toBe(1);
  });

  it('passes a failure of the backing file on and works again afterwards', async () => {
    const slow = new Slow(pattern(CLUSTER, 1));
    const { device } = await over(slow);
    slow.failure = err('source-unreachable', 'gone');
    expect(await device.read(0, new Uint8Array(1))).toMatchObject({
      failure: { code: 'source-unreachable' },
    });
    expect(await device.write(1, new Uint8Array(1))).toMatchObject({
      failure: { code: 'source-unreachable' },
    });
    slow.failure = null;
    unwrap(await device.write(1, new Uint8Array(1)));
  });
});

describe('writing a QED disk', () => {
  it('fills the rest of a new cluster from the backing file', async () => {
    const { device } = await over(MemoryDevice.of(pattern(2 * CLUSTER, 1)));
    unwrap(await device.write(100, new Uint8Array(3).fill(0xaa)));
    const expected = pattern(2 * CLUSTER, 1).fill(0xaa, 100, 103);
    expect(await readAll(device)).toEqual(expected);
  });

  it('fills the rest of a zero cluster with zeroes, as the specification says and QEMU 7.2 does not', async () => {
    const { device } = await over(MemoryDevice.of(new Uint8Array(CLUSTER).fill(0xaa)));
    unwrap(await device.writeZeroes(0, CLUSTER));
    unwrap(await device.write(512, new Uint8Array(512).fill(1)));
    const expected = new Uint8Array(CLUSTER).fill(1, 512, 1024);
    expect(await readAll(device)).toEqual(expected);
  });

  it('does not read the backing file for whole clusters, nor for the cut-off last one', async () => {
    const slow = new Slow(pattern(2 * CLUSTER + 512, 1));
    slow.failure = err('io', 'must not be read');
    const { device } = await over(slow);
    unwrap(await device.write(0, pattern(2 * CLUSTER + 512, 2)));
    expect(await readAll(device)).toEqual(pattern(2 * CLUSTER + 512, 2));
  });

  it('stores zeroes as marks, and as data only where it must', async () => {
    const { file, device } = await over(MemoryDevice.of(pattern(20 * CLUSTER + 512, 1)));
    unwrap(await device.writeZeroes(0, 20 * CLUSTER + 512));
    unwrap(await device.flush());
    expect(unwrap(await checkQed(file.reopened(), 'none'))).toMatchObject({ allocatedClusters: 0, leaks: 0 });
    unwrap(await device.write(0, pattern(CLUSTER, 2)));
    unwrap(await device.writeZeroes(100, 2 * CLUSTER));
    expect((await readAll(device, 0, 3 * CLUSTER)).subarray(100).every((byte) => byte === 0)).toBe(true);
    expect(unwrap(await device.extentAt(CLUSTER, 19 * CLUSTER))).toMatchObject({
      kind: 'zero',
      length: 19 * CLUSTER,
    });
  });

  it('lets allocating writes to different clusters go on together', async () => {
    const slow = new Slow(pattern(100 * CLUSTER, 1));
    const { device } = await over(slow);
    slow.held = true;
    const blocked = device.write(10, new Uint8Array(10));
    await turn();
    expect(slow.reads).toHaveLength(1);
    unwrap(await device.write(50 * CLUSTER, pattern(CLUSTER, 2)));
    unwrap(await device.flush());
    slow.release();
    unwrap(await blocked);
  });

  it('lets allocating writes to one cluster follow each other, each with what the other wrote', async () => {
    const slow = new Slow(pattern(CLUSTER, 1));
    const { file, device } = await over(slow);
    slow.held = true;
    const writes = [0, 1, 2, 3, 4, 5, 6, 7].map((n) =>
      device.write(n * 512, new Uint8Array(256).fill(n + 1)),
    );
    await turn();
    expect(slow.reads).toHaveLength(1);
    slow.release();
    for (const written of await Promise.all(writes)) unwrap(written);
    const expected = pattern(CLUSTER, 1);
    for (let n = 0; n < 8; n++) expected.fill(n + 1, n * 512, n * 512 + 256);
    expect(await readAll(device)).toEqual(expected);
    unwrap(await device.close());
    expect(unwrap(await checkQed(file.reopen(), 'none'))).toMatchObject({ allocatedClusters: 1, leaks: 0 });
  });

  it('gives space back that it could not fill, and takes it for the next write', async () => {
    const { file, device } = await newQed({ imageBytes: MIB, ...SMALL });
    unwrap(await device.write(0, pattern(CLUSTER, 1)));
    unwrap(await device.close());
    const full = file.reopened({
      before: (operation) =>
        operation.kind === 'write' && operation.data[0] === 0xee ? err('no-space', 'full') : null,
    });
    const again = await openQed(full);
    for (let tries = 0; tries < 20; tries++) {
      expect(await again.write(CLUSTER, new Uint8Array(3 * CLUSTER).fill(0xee))).toMatchObject({
        failure: { code: 'no-space' },
      });
    }
    unwrap(await again.write(CLUSTER, pattern(3 * CLUSTER, 2)));
    unwrap(await again.close());
    expect(unwrap(await checkQed(full.reopen(), 'none'))).toMatchObject({ corruptions: 0, leaks: 0 });
  });
});

describe('discarding on a QED disk', () => {
  it('spares missing clusters from being fetched, and leaves data and partly covered clusters alone', async () => {
    const { device } = await over(MemoryDevice.of(pattern(8 * CLUSTER, 1)));
    unwrap(await device.write(2 * CLUSTER, pattern(CLUSTER, 2)));
    unwrap(await device.discard(100, 5 * CLUSTER));
    const expected = pattern(8 * CLUSTER, 1);
    expected.fill(0, CLUSTER, 5 * CLUSTER);
    expected.set(pattern(CLUSTER, 2), 2 * CLUSTER);
    expect(await readAll(device)).toEqual(expected);
  });

  it('does nothing where no backing file could show through', async () => {
    const { device } = await over(MemoryDevice.of(pattern(CLUSTER + 512, 1)), SMALL, 8 * CLUSTER);
    unwrap(await device.discard(0, 8 * CLUSTER));
    expect(unwrap(await device.extentAt(0, 8 * CLUSTER))).toMatchObject({
      kind: 'zero',
      length: 2 * CLUSTER,
    });
    expect(unwrap(await device.extentAt(2 * CLUSTER, 6 * CLUSTER))).toMatchObject({ kind: 'unallocated' });
  });

  it('never destroys what a guest writes at the same time', async () => {
    const slow = new Slow(pattern(2 * CLUSTER, 1));
    const { device } = await over(slow);
    slow.held = true;
    const writing = device.write(10, new Uint8Array(10).fill(0xaa));
    const discarding = device.discard(0, 2 * CLUSTER);
    await turn();
    slow.release();
    unwrap(await writing);
    unwrap(await discarding);
    expect((await readAll(device, 10, 10)).every((byte) => byte === 0xaa)).toBe(true);
  });
});

describe('what a QED overlay lacks', () => {
  const missing = async (device: OverlayDevice, from = 0, to = device.lengthBytes, mostBytes?: number) =>
    unwrap(await device.findMissing(from, to, mostBytes));

  it('is found in runs, cut to what was asked for', async () => {
    const { device } = await over(MemoryDevice.of(pattern(10 * CLUSTER, 1)));
    unwrap(await device.write(3 * CLUSTER, pattern(CLUSTER, 2)));
    unwrap(await device.writeZeroes(6 * CLUSTER, CLUSTER));
    expect(await missing(device)).toEqual({ offset: 0, length: 3 * CLUSTER });
    expect(await missing(device, 3 * CLUSTER)).toEqual({ offset: 4 * CLUSTER, length: 2 * CLUSTER });
    expect(await missing(device, 5 * CLUSTER, 6 * CLUSTER)).toEqual({ offset: 5 * CLUSTER, length: CLUSTER });
    expect(await missing(device, 3 * CLUSTER, 4 * CLUSTER)).toBeNull();
    expect(await missing(device, 7 * CLUSTER)).toEqual({ offset: 7 * CLUSTER, length: 3 * CLUSTER });
  });

  it('is cut to what the caller can use', async () => {
    const { device } = await over(MemoryDevice.of(pattern(10 * CLUSTER, 1)));
    unwrap(await device.write(3 * CLUSTER, pattern(CLUSTER, 2)));
    expect(await missing(device, 0, 10 * CLUSTER, 2 * CLUSTER)).toEqual({ offset: 0, length: 2 * CLUSTER });
    expect(await missing(device, 2 * CLUSTER, 10 * CLUSTER, 5 * CLUSTER)).toEqual({
      offset: 2 * CLUSTER,
      length: CLUSTER,
    });
    expect(await missing(device, 3 * CLUSTER, 10 * CLUSTER, CLUSTER)).toEqual({
      offset: 4 * CLUSTER,
      length: CLUSTER,
    });
  });

  it('ends with a shorter backing file, and with the image over a longer one', async () => {
    const short = await over(MemoryDevice.of(pattern(CLUSTER + 1000, 1)), SMALL, 9 * CLUSTER);
    expect(await missing(short.device)).toEqual({ offset: 0, length: CLUSTER + 1000 });
    expect(await missing(short.device, 2 * CLUSTER)).toBeNull();
    const long = await over(MemoryDevice.of(pattern(9 * CLUSTER, 1)), SMALL, CLUSTER + 512);
    expect(await missing(long.device)).toEqual({ offset: 0, length: CLUSTER + 512 });
  });

  it('is found across tables that do not exist', async () => {
    const { device } = await over(new MemoryDevice(100 * MIB));
    expect(await missing(device)).toEqual({ offset: 0, length: 100 * MIB });
  });
});

describe('populating a QED overlay', () => {
  it('stores what is missing, zeroes as marks, and tells how much was what', async () => {
    const base = pattern(10 * CLUSTER, 1).fill(0, 4 * CLUSTER, 7 * CLUSTER);
    const { file, device } = await over(MemoryDevice.of(base));
    unwrap(await device.write(0, pattern(CLUSTER, 2)));
    const done = unwrap(await device.populate([{ offset: 0, length: 10 * CLUSTER }]));
    expect(done).toMatchObject({ dataBytes: 6 * CLUSTER, zeroBytes: 3 * CLUSTER, skippedBytes: CLUSTER });
    unwrap(await device.dropBacking());
    unwrap(await device.close());
    const alone = await openQed(file.reopen());
    base.set(pattern(CLUSTER, 2));
    expect(alone.image.backing).toBeNull();
    expect(await readAll(alone)).toEqual(base);
    expect(unwrap(await checkQed(file.reopened(), 'none'))).toMatchObject({ allocatedClusters: 7, leaks: 0 });
  });

  it('does not read holes of the backing file', async () => {
    const base = new MemoryDevice(MIB);
    unwrap(await base.write(512 * KIB, new Uint8Array([1])));
    const { device } = await over(base);
    expect(unwrap(await device.populate([{ offset: 0, length: MIB }]))).toMatchObject({
      fetchedBytes: 64 * KIB,
    });
    expect(unwrap(await device.findMissing(0, MIB))).toBeNull();
  });

  it('copies the same cluster once, whoever asks', async () => {
    const { file, device } = await over(MemoryDevice.of(pattern(10 * CLUSTER, 1)));
    const whole = { offset: 0, length: 10 * CLUSTER };
    const all = await Promise.all([device.populate([whole, whole]), device.populate([whole])]);
    expect(all.map((done) => unwrap(done).dataBytes).reduce((a, b) => a + b)).toBe(10 * CLUSTER);
    unwrap(await device.close());
    expect(unwrap(await checkQed(file.reopen(), 'none'))).toMatchObject({ allocatedClusters: 10, leaks: 0 });
  });

  it('never overwrites a guest write, which waits for the clusters being filled', async () => {
    const slow = new Slow(pattern(4 * CLUSTER, 1));
    const { device } = await over(slow);
    slow.held = true;
    const populating = device.populate([{ offset: 0, length: 4 * CLUSTER }]);
    await turn();
    const writing = device.write(CLUSTER + 100, new Uint8Array(100).fill(0xaa));
    await turn();
    expect([device.isClaimed(0), slow.reads.length]).toEqual([true, 1]);
    slow.release();
    unwrap(await populating);
    unwrap(await writing);
    const expected = pattern(4 * CLUSTER, 1).fill(0xaa, CLUSTER + 100, CLUSTER + 200);
    expect(await readAll(device)).toEqual(expected);
    expect(device.isClaimed(0)).toBe(false);
  });

  it('leaves clusters that are in other hands to them', async () => {
    const slow = new Slow(pattern(4 * CLUSTER, 1));
    const { device } = await over(slow);
    slow.held = true;
    const writing = device.write(CLUSTER + 100, new Uint8Array(100).fill(0xaa));
    await turn();
    const populating = device.populate([{ offset: 0, length: 4 * CLUSTER }]);
    await turn();
    slow.release();
    expect(unwrap(await populating)).toMatchObject({ dataBytes: 3 * CLUSTER, skippedBytes: CLUSTER });
    unwrap(await writing);
    expect(unwrap(await device.findMissing(0, 4 * CLUSTER))).toBeNull();
  });

  it('publishes what it stored before a failure, lets the rest go and tells of it', async () => {
    const slow = new Slow(pattern(600 * KIB, 1));
    const { device } = await over(slow);
    slow.held = true;
    const populating = device.populate([{ offset: 0, length: 600 * KIB }]);
    await turn();
    slow.failure = err('source-unreachable', 'gone');
    slow.release();
    expect(await populating).toMatchObject({ failure: { code: 'source-unreachable' } });
    expect(device.isClaimed(0)).toBe(false);
    slow.failure = null;
    unwrap(await device.populate([{ offset: 0, length: 600 * KIB }]));
    expect(await readAll(device)).toEqual(pattern(600 * KIB, 1));
  });

  it('is refused on a read-only disk, and is nothing without a backing file', async () => {
    const file = await createdFile({ imageBytes: MIB, backing: BACKING });
    const device = await openQed(file.reopened({ readOnly: true }), new MemoryDevice(MIB));
    expect(await device.populate([{ offset: 0, length: MIB }])).toMatchObject({
      failure: { code: 'read-only' },
    });
    const { device: alone } = await newQed({ imageBytes: MIB });
    expect(unwrap(await alone.populate([{ offset: 0, length: MIB }]))).toMatchObject({ skippedBytes: MIB });
  });
});

describe('a claim on missing clusters', () => {
  async function setUp() {
    const { file, device } = await over(MemoryDevice.of(pattern(10 * CLUSTER, 1)));
    unwrap(await device.write(5 * CLUSTER, pattern(CLUSTER, 2)));
    const claim = async (offset: number, limit: number) => unwrap(await device.claim(offset, limit));
    return { file, device, claim };
  }

  it('covers whole clusters up to the limit or to what is local', async () => {
    const { claim } = await setUp();
    expect(await claim(2 * CLUSTER + 100, 9 * CLUSTER)).toMatchObject({
      offset: 2 * CLUSTER,
      length: 3 * CLUSTER,
    });
    expect(await claim(CLUSTER, CLUSTER + 1)).toMatchObject({ offset: CLUSTER, length: CLUSTER });
    expect(await claim(5 * CLUSTER, 9 * CLUSTER)).toBeNull();
  });

  it('is cut by the end of the disk', async () => {
    const { device } = await over(MemoryDevice.of(pattern(CLUSTER + 512, 1)));
    expect(unwrap(await device.claim(CLUSTER, 9 * CLUSTER))).toMatchObject({ offset: CLUSTER, length: 512 });
  });

  it('is stored as data or zero marks, and read by everybody at once', async () => {
    const { device, claim } = await setUp();
    const taken = await claim(0, 3 * CLUSTER);
    const data = new Uint8Array(3 * CLUSTER).fill(7, CLUSTER, 2 * CLUSTER);
    expect(unwrap(await given(taken).store(data))).toMatchObject({
      dataBytes: CLUSTER,
      zeroBytes: 2 * CLUSTER,
    });
    expect(await readAll(device, 0, 3 * CLUSTER)).toEqual(data);
  });

  it('holds writers off until it is released', async () => {
    const { device, claim } = await setUp();
    const taken = await claim(0, 2 * CLUSTER);
    const order: string[] = [];
    const writing = device.write(0, pattern(CLUSTER, 3)).then(() => order.push('written'));
    const zeroing = device.writeZeroes(CLUSTER, CLUSTER).then(() => order.push('zeroed'));
    await turn();
    order.push('released');
    taken?.release();
    await Promise.all([writing, zeroing]);
    expect(order[0]).toBe('released');
    expect(await readAll(device, 0, 2 * CLUSTER)).toEqual(
      new Uint8Array([...pattern(CLUSTER, 3), ...new Uint8Array(CLUSTER)]),
    );
  });

  it('waits for another claim and then finds nothing missing', async () => {
    const { claim } = await setUp();
    const first = await claim(0, CLUSTER);
    const second = claim(0, CLUSTER);
    unwrap(await given(first).store(pattern(CLUSTER, 1)));
    first?.release();
    expect(await second).toBeNull();
  });

  it('can be stored once, and not after its release: the guest may have written meanwhile', async () => {
    const { device, claim } = await setUp();
    const taken = await claim(0, CLUSTER);
    unwrap(await given(taken).store(pattern(CLUSTER, 1)));
    unwrap(await device.write(0, pattern(CLUSTER, 9)));
    const refused = { failure: { code: 'invalid-argument' } };
    expect(await given(taken).store(pattern(CLUSTER, 1))).toMatchObject(refused);
    taken?.release();
    const other = await claim(CLUSTER, 2 * CLUSTER);
    other?.release();
    expect(await given(other).store(pattern(CLUSTER, 1))).toMatchObject(refused);
    expect(await readAll(device, 0, CLUSTER)).toEqual(pattern(CLUSTER, 9));
  });

  it('refuses data of another length', async () => {
    const { claim } = await setUp();
    const taken = await claim(0, 2 * CLUSTER);
    expect(await given(taken).store(new Uint8Array(CLUSTER))).toMatchObject({
      failure: { code: 'invalid-argument' },
    });
    unwrap(await given(taken).store(new Uint8Array(2 * CLUSTER)));
  });
});

describe('dropping the backing file', () => {
  it('is refused with busy while something is missing', async () => {
    const { device } = await over(MemoryDevice.of(pattern(3 * CLUSTER, 1)));
    unwrap(await device.populate([{ offset: 0, length: 2 * CLUSTER }]));
    expect(await device.dropBacking()).toMatchObject({
      failure: { code: 'busy', message: expect.stringContaining('4096 bytes at 8192') as string },
    });
    expect(device.backing).not.toBeNull();
  });

  it('closes the device behind only when no request uses it any more', async () => {
    const slow = new Slow(pattern(CLUSTER, 1));
    const { device } = await over(slow);
    slow.held = true;
    const reading = device.read(0, new Uint8Array(100));
    const changing = device.changeBacking({ name: 'new', raw: true }, MemoryDevice.of(pattern(CLUSTER, 2)));
    await turn();
    expect([device.image.backing?.name, slow.closed]).toEqual(['new', false]);
    // Requests that come now use the new one, and do not keep the old one open.
    expect(await readAll(device)).toEqual(pattern(CLUSTER, 2));
    slow.release();
    unwrap(await reading);
    unwrap(await changing);
    expect(slow.closed).toBe(true);
  });

  it('waits, as every change of the header, until everything before is durable', async () => {
    const { file, device } = await over(MemoryDevice.of(pattern(CLUSTER, 1)));
    unwrap(await device.write(0, pattern(CLUSTER, 2)));
    unwrap(await device.dropBacking());
    expect(await readAll(await openQed(file.reopened()))).toEqual(pattern(CLUSTER, 2));
  });
});

describe('closing a QED disk', () => {
  it('waits for the requests under way, and keeps what they wrote', async () => {
    const slow = new Slow(pattern(2 * CLUSTER, 1));
    const { file, device } = await over(slow);
    slow.held = true;
    const requests = [device.write(10, new Uint8Array(10).fill(5)), device.read(CLUSTER, new Uint8Array(10))];
    await turn();
    const closing = device.close();
    await turn();
    expect([file.closed, slow.closed]).toEqual([false, false]);
    slow.release();
    for (const request of await Promise.all(requests)) unwrap(request);
    unwrap(await closing);
    expect([file.closed, slow.closed]).toEqual([true, true]);
    const again = await openQed(file.reopen());
    expect((await readAll(again, 10, 10)).every((byte) => byte === 5)).toBe(true);
  });

  it('makes claims that are still held worthless', async () => {
    const { device } = await over(MemoryDevice.of(pattern(CLUSTER, 1)));
    const claim = unwrap(await device.claim(0, CLUSTER));
    unwrap(await device.close());
    expect(await given(claim).store(pattern(CLUSTER, 1))).toMatchObject({ failure: { code: 'closed' } });
    claim?.release();
  });

  it('cuts space off the end of the file that was never used', async () => {
    const { file, device } = await newQed({ imageBytes: MIB, ...SMALL }, null, {
      before: (operation) =>
        operation.kind === 'write' && operation.data[0] === 0xee ? err('io', 'bad') : null,
    });
    expect((await device.write(0, new Uint8Array(8 * CLUSTER).fill(0xee))).ok).toBe(false);
    unwrap(await device.close());
    // Header, L1 table and the table that was made for the write.
    expect(file.content.length).toBe(3 * CLUSTER);
  });

  it('tells when the file could not be cut, and is closed all the same', async () => {
    const { file, device } = await newQed({ imageBytes: MIB, ...SMALL }, null, {
      before: (operation) => {
        const bad =
          operation.kind === 'set-length' || (operation.kind === 'write' && operation.data[0] === 0xee);
        return bad ? err('io', operation.kind) : null;
      },
    });
    await device.write(0, new Uint8Array(8 * CLUSTER).fill(0xee));
    expect(await device.close()).toMatchObject({ failure: { message: 'set-length' } });
    expect(file.closed).toBe(true);
  });
});
