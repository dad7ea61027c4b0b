import { MessageChannel, type MessagePort } from 'node:worker_threads';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { err, unwrap } from '../../../shared/result.ts';
import { MIB } from '../../../shared/units.ts';
import { BlockPortClient } from './client.ts';
import { serveBlockDevice, type BlockService } from './server.ts';
import { ScriptedDisk } from '../../../test/support/scripted-disk.ts';

interface Pair {
  disk: ScriptedDisk;
  service: BlockService;
  client: BlockPortClient;
  clientPort: MessagePort;
}

const open: Pair[] = [];

async function connected(lengthBytes = MIB): Promise<Pair> {
  const disk = new ScriptedDisk(lengthBytes);
  const { port1, port2 } = new MessageChannel();
  const service = serveBlockDevice(disk, port1);
  const client = unwrap(await BlockPortClient.connect(port2));
  const pair = { disk, service, client, clientPort: port2 };
  open.push(pair);
  return pair;
}

afterEach(async () => {
  for (const { disk, service } of open.splice(0)) {
    for (const operation of ['read', 'write', 'flush'] as const) disk.release(operation);
    await service.close();
  }
});

/** Time in which something could happen that must not. */
const turn = () => new Promise<void>((resolve) => setTimeout(resolve, 5));

describe('a disk behind a message port', () => {
  it('introduces itself', async () => {
    const { client } = await connected(3 * MIB);
    expect(client).toMatchObject({
      name: 'scripted',
      lengthBytes: 3 * MIB,
      readOnly: false,
      remote: false,
    });
  });

  it('gives back what was written, whatever the size', async () => {
    const { client } = await connected(12 * MIB);
    const range = fc.record({
      offset: fc.nat(2 * MIB),
      length: fc.oneof(fc.nat(5000), fc.integer({ min: 30_000, max: 40_000 }), fc.constant(9 * MIB + 7)),
      seed: fc.integer({ min: 1, max: 255 }),
    });
    await fc.assert(
      fc.asyncProperty(range, async ({ offset, length, seed }) => {
        const data = new Uint8Array(length);
        for (let index = 0; index < length; index++) data[index] = index * seed;
        unwrap(await client.write(offset, data));
        const back = new Uint8Array(length);
        unwrap(await client.read(offset, back));
        expect(Buffer.compare(back, data)).toBe(0);
      }),
      { numRuns: 25 },
    );
  });

  it('leaves the caller its buffer, also when it is a view of a larger one', async () => {
    const { client, disk } = await connected();
    const around = new Uint8Array(200_000).fill(7);
    unwrap(await client.write(0, around.subarray(50_000, 150_000)));
    expect(around.length).toBe(200_000);
    expect(disk.bytes.indexOf(0)).toBe(100_000);
  });

  it('carries zeroes, discards, extents and flushes', async () => {
    const { client, disk } = await connected();
    disk.bytes.fill(9);
    unwrap(await client.writeZeroes(512, 1024));
    unwrap(await client.discard(0, 512));
    unwrap(await client.flush());
    expect(disk.log).toEqual(['write 512+1024', 'flush']);
    expect(unwrap(await client.extentAt(4096, 512))).toEqual({
      kind: 'data',
      offset: 4096,
      length: 512,
      fileOffset: 4096,
    });
  });

  it('answers in the order the disk finishes', async () => {
    const { client, disk } = await connected();
    disk.hold('read');
    const slow = client.read(0, new Uint8Array(512));
    await disk.held('read');
    expect((await client.flush()).ok).toBe(true);
    expect(disk.waiting('read')).toBe(1);
    disk.release('read');
    expect((await slow).ok).toBe(true);
  });

  it('keeps hundreds of requests apart', async () => {
    const { client, disk } = await connected();
    for (let index = 0; index < 2048; index++) disk.bytes.fill(index, index * 512, (index + 1) * 512);
    const reads = Array.from({ length: 2048 }, async (_, index) => {
      const target = new Uint8Array(512);
      unwrap(await client.read(index * 512, target));
      return target.every((byte) => byte === (index & 255));
    });
    expect(await Promise.all(reads)).not.toContain(false);
  });

  it('carries failures as they are', async () => {
    const { client, disk } = await connected();
    disk.fail('write', err('no-space', 'The disk is full', { errno: 'ENOSPC' }));
    expect(await client.write(0, new Uint8Array(512))).toEqual(
      err('no-space', 'The disk is full', { errno: 'ENOSPC' }),
    );
  });

  it('refuses ranges outside the device without storing a first piece', async () => {
    const { client, disk } = await connected(6 * MIB);
    const result = await client.write(MIB, new Uint8Array(6 * MIB).fill(1));
    expect(result).toMatchObject({ ok: false, failure: { code: 'out-of-range' } });
    expect(disk.log).toEqual([]);
  });
});

describe('the end of a disk connection', () => {
  it('flushes when the client closes, and leaves the device open', async () => {
    const { client, disk, service } = await connected();
    unwrap(await client.write(0, new Uint8Array(512)));
    expect((await client.close()).ok).toBe(true);
    expect((await service.ended).ok).toBe(true);
    expect(disk.log.at(-1)).toBe('flush');
    expect(disk.closed).toBe(false);
    expect(await client.read(0, new Uint8Array(1))).toMatchObject({ failure: { code: 'closed' } });
    expect((await client.close()).ok).toBe(true);
  });

  it('lets requests in flight finish before the close is answered', async () => {
    const { client, disk } = await connected();
    disk.hold('write');
    const write = client.write(0, new Uint8Array(512));
    const closing = client.close();
    await disk.held('write');
    disk.release('write');
    expect((await write).ok).toBe(true);
    expect((await closing).ok).toBe(true);
    expect(disk.log).toEqual(['write 0+512', 'flush']);
  });

  it('does not keep a client that closes waiting for its reads', async () => {
    const { client, disk, service } = await connected();
    disk.hold('read');
    const reading = client.readOwned(0, 512);
    await disk.held('read');
    unwrap(await client.close());
    expect(await reading).toMatchObject({ failure: { code: 'closed' } });
    let over = false;
    void service.ended.then(() => (over = true));
    await turn();
    expect(over).toBe(false);
    disk.release('read');
    unwrap(await service.ended);
  });

  it('reports a failed last flush to the client that closes', async () => {
    const { client, disk } = await connected();
    disk.fail('flush', err('io', 'The disk broke'));
    expect(await client.close()).toMatchObject({ failure: { code: 'io' } });
  });

  it('fails outstanding requests when the server closes, after the device is done with them', async () => {
    const { client, disk, service } = await connected();
    disk.hold('read');
    const read = client.read(0, new Uint8Array(512));
    await disk.held('read');
    const ended = service.close();
    expect(await read).toMatchObject({ failure: { code: 'closed' } });
    let over = false;
    void ended.then(() => (over = true));
    await turn();
    expect(over).toBe(false);
    disk.release('read');
    expect((await ended).ok).toBe(true);
    await client.disconnected;
  });

  it('flushes what a client that vanished had written', async () => {
    const { client, clientPort, disk, service } = await connected();
    unwrap(await client.write(0, new Uint8Array(512)));
    clientPort.close();
    expect((await service.ended).ok).toBe(true);
    expect(disk.log).toEqual(['write 0+512', 'flush']);
    expect(await client.flush()).toMatchObject({ failure: { code: 'closed' } });
  });

  it('is reported by connect when it comes first', async () => {
    const { port1, port2 } = new MessageChannel();
    port1.close();
    expect(await BlockPortClient.connect(port2)).toMatchObject({ failure: { code: 'closed' } });
  });
});

describe('messages that break the disk protocol', () => {
  const badRequests: unknown[] = [
    'hello',
    [{ id: -1, op: 'flush' }],
    [{ id: 1, op: 'format' }],
    [{ id: 1, op: 'read', offset: 0.5, length: 1 }],
    [{ id: 1, op: 'read', offset: 0, length: 1e12 }],
    [{ id: 1, op: 'write', offset: 0, data: 'text' }],
  ];
  it.each(badRequests)('end the service: %j', async (message) => {
    const { clientPort, service } = await connected();
    clientPort.postMessage(message);
    expect(await service.ended).toMatchObject({ failure: { code: 'malformed' } });
  });

  it.each([
    'x',
    [{ id: 0, ok: true, data: 'text' }],
    [{ id: 0, ok: true, data: new Uint8Array(3) }],
    [{ id: 0, ok: false, failure: { code: 'tired', message: '' } }],
  ])('fail the request of the client: %j', async (message) => {
    const { port1, port2 } = new MessageChannel();
    port1.postMessage({
      protocol: 'headwater-block-1',
      name: 'fake',
      lengthBytes: 512,
      readOnly: false,
      remote: false,
    });
    const client = unwrap(await BlockPortClient.connect(port2));
    const read = client.read(0, new Uint8Array(512));
    port1.once('message', () => port1.postMessage(message));
    expect(await read).toMatchObject({ failure: { code: 'malformed' } });
    port1.close();
  });

  it('are not taken for a greeting', async () => {
    const { port1, port2 } = new MessageChannel();
    port1.postMessage({ protocol: 'something else' });
    expect(await BlockPortClient.connect(port2)).toMatchObject({ failure: { code: 'malformed' } });
    port1.close();
  });
});
