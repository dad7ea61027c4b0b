import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { MessageChannel } from 'node:worker_threads';
import { afterAll } from 'vitest';
import { systemClock } from '../../shared/clock.ts';
import { unwrap } from '../../shared/result.ts';
import { newQed } from '../../test/support/qed-disk.ts';
import { describeBlockDevice } from '../block/device.conformance.ts';
import { openHttpDevice } from '../block/http/http-device.ts';
import { MemoryDevice } from '../../test/support/memory-device.ts';
import { BlockPortClient } from './block-port/client.ts';
import { serveBlockDevice } from './block-port/server.ts';
import { CopyOnReadDevice } from '../streaming/copy-on-read/copy-on-read-device.ts';

const servers: http.Server[] = [];
afterAll(() => {
  for (const server of servers) server.close().closeAllConnections();
});

/** Serves ranges of `content` as any good server does. */
async function serve(content: Uint8Array): Promise<URL> {
  const server = http.createServer(({ headers }, response) => {
    const [first = 0, last = content.length - 1] = (headers.range ?? '')
      .replace('bytes=', '')
      .split('-')
      .map(Number);
    const end = Math.min(last, content.length - 1);
    response.writeHead(206, {
      'Content-Range': `bytes ${first}-${end}/${content.length}`,
      'Content-Length': end - first + 1,
      ETag: '"one"',
    });
    response.end(content.subarray(first, end + 1));
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/disk.raw`);
}

const httpDevice = async (content: Uint8Array) =>
  unwrap(await openHttpDevice((await serve(content)).href, { clock: systemClock }));

async function overlay(content: Uint8Array, backing: MemoryDevice | Awaited<ReturnType<typeof httpDevice>>) {
  const options = { imageBytes: content.length, clusterBytes: 4096, tableClusters: 1 };
  const { device } = await newQed({ ...options, backing: { name: 'base', raw: true } }, backing);
  return new CopyOnReadDevice(device, { clock: systemClock });
}

describeBlockDevice('a disk in another thread', {
  make: async (content) => {
    const { port1, port2 } = new MessageChannel();
    serveBlockDevice(MemoryDevice.of(content), port1);
    return unwrap(await BlockPortClient.connect(port2));
  },
});
describeBlockDevice('HTTP', { make: httpDevice });
describeBlockDevice('copy-on-read over memory', {
  make: (content) => overlay(content, MemoryDevice.of(content)),
});
describeBlockDevice('copy-on-read over HTTP', {
  make: async (content) => overlay(content, await httpDevice(content)),
});
