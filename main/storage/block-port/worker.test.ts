import { MessageChannel, Worker } from 'node:worker_threads';
import { buildSync } from 'esbuild';
import { expect, it, describe } from 'vitest';
import { unwrap } from '../../../shared/result.ts';
import { MIB } from '../../../shared/units.ts';
import { BlockPortClient } from './client.ts';

/** A thread that serves a disk in memory, whose byte at `offset` is `offset >> 9`. */
const SERVING_THREAD = `
  import { workerData } from 'node:worker_threads';
  import { serveBlockDevice } from './server.ts';
  import { ScriptedDisk } from '../../../test/support/scripted-disk.ts';
  const disk = new ScriptedDisk(${MIB});
  for (let offset = 0; offset < disk.lengthBytes; offset++) disk.bytes[offset] = offset >> 9;
  serveBlockDevice(disk, workerData.port);
`;

function startThread(): { worker: Worker; port: MessageChannel['port1'] } {
  const bundle = buildSync({
    stdin: { contents: SERVING_THREAD, resolveDir: import.meta.dirname, loader: 'ts' },
    bundle: true,
    platform: 'node',
    format: 'cjs',
    write: false,
  });
  const { port1, port2 } = new MessageChannel();
  const worker = new Worker(bundle.outputFiles[0]?.text ?? '', {
    eval: true,
    workerData: { port: port1 },
    transferList: [port1],
  });
  return { worker, port: port2 };
}

describe('a disk in another thread', () => {
  it('serves reads and writes of all sizes', async () => {
    const { worker, port } = startThread();
    const client = unwrap(await BlockPortClient.connect(port));
    const whole = new Uint8Array(MIB);
    unwrap(await client.read(0, whole));
    expect(whole.every((byte, offset) => byte === ((offset >> 9) & 255))).toBe(true);
    const small = new Uint8Array(512).fill(99);
    unwrap(await client.write(1024, small));
    expect(unwrap(await client.readOwned(1024, 512))).toEqual(small);
    unwrap(await client.close());
    await worker.terminate();
  });

  it('fails requests with "closed" when its thread dies', async () => {
    const { worker, port } = startThread();
    const client = unwrap(await BlockPortClient.connect(port));
    const dying = worker.terminate();
    const results = await Promise.all([client.read(0, new Uint8Array(512)), client.disconnected, dying]);
    expect(results[0]).toMatchObject({ ok: false, failure: { code: 'closed' } });
    expect(await client.flush()).toMatchObject({ ok: false, failure: { code: 'closed' } });
  });
});
