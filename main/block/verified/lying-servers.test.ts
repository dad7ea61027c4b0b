import { afterEach, describe, expect, it } from 'vitest';
import { DONE, unwrap } from '../../../shared/result.ts';
import { CHUNK_BYTES } from '../../../shared/master-files.ts';
import { publishInMemory, type MemoryMaster } from '../../../test/support/memory-master.ts';
import {
  ScriptedServer,
  content,
  head,
  partial,
  TOTAL_BYTES,
  type ReplyChanges,
  type SeenRequest,
} from '../../../test/support/scripted-server.ts';
import { SimulatedClock } from '../../../test/support/simulated-clock.ts';
import { httpSource } from './http-source.ts';
import { VerifiedDevice } from './verified-device.ts';

const toClose: { close(): unknown }[] = [];
afterEach(async () => {
  for (const thing of toClose.splice(0)) await thing.close();
});

/** The right answer of a server that has the master, changed where a test wants it wrong. */
function answerOf({ files }: MemoryMaster, request: SeenRequest, changes: ReplyChanges = {}): Buffer {
  const name = /\/([\w.]+) /.exec(request.line)?.[1] ?? '';
  const bytes = Object.entries(files).find(([file]) => file === name)?.[1];
  if (bytes === undefined) return head('HTTP/1.1 404 Not Found', { 'Content-Length': '0' });
  const body = Buffer.from(bytes.subarray(request.offset, request.offset + request.length));
  return partial(request, { totalBytes: bytes.length, body, ...changes });
}

const LIES: [string, (master: MemoryMaster, request: SeenRequest) => Buffer | undefined][] = [
  [
    'sends the whole instead of a range',
    () => head('HTTP/1.1 200 OK', { 'Content-Length': String(TOTAL_BYTES) }),
  ],
  [
    'sends another range',
    (master, request) =>
      answerOf(master, request, { fields: { 'Content-Range': `bytes 1-${request.length}/${TOTAL_BYTES}` } }),
  ],
  ['compresses', (master, request) => answerOf(master, request, { fields: { 'Content-Encoding': 'gzip' } })],
  [
    'has a file of another length',
    (master, request) => answerOf(master, request, { totalBytes: 7 * TOTAL_BYTES }),
  ],
  [
    'sends other bytes under the same tag',
    (master, request) => answerOf(master, request, { body: Buffer.alloc(request.length, 1) }),
  ],
  [
    'breaks off',
    (master, request) => {
      request.socket.end(answerOf(master, request).subarray(0, -10));
      return undefined;
    },
  ],
  [
    'resets the connection',
    (_master, request) => {
      request.socket.resetAndDestroy();
      return undefined;
    },
  ],
  [
    'redirects in a circle',
    (_master, request) => head('HTTP/1.1 302 Found', { Location: request.line.split(' ')[1] ?? '/' }),
  ],
  ['wants to be left alone', () => head('HTTP/1.1 503 Busy', { 'Retry-After': '60', 'Content-Length': '0' })],
  ['asks for fewer requests', () => head('HTTP/1.1 429 Too Many', { 'Content-Length': '0' })],
  ['has lost the file', () => head('HTTP/1.1 404 Not Found', { 'Content-Length': '0' })],
  ['speaks another protocol', () => Buffer.from('220 ftp ready\r\n')],
];

describe.each(LIES)('a server that %s', (_what, lie) => {
  async function open(others: boolean) {
    const disk = content(0, TOTAL_BYTES);
    const master = await publishInMemory(disk);
    let lies = false;
    const liar = await ScriptedServer.start((request) =>
      lies && request.line.includes('disk.raw') ? lie(master, request) : answerOf(master, request),
    );
    const honest = await ScriptedServer.start((request) => answerOf(master, request));
    toClose.push(liar, honest);
    // Its time stands still: how long this machine takes for an answer decides nothing here.
    const clock = new SimulatedClock();
    const sources = [liar, ...(others ? [honest] : [])].map((server) =>
      unwrap(httpSource(server.url('/'), { clock })),
    );
    const device = unwrap(await VerifiedDevice.open(master.description, sources, { clock, random: () => 0 }));
    toClose.push(device);
    const first = await device.read(0, new Uint8Array(CHUNK_BYTES));
    expect(first).toEqual(DONE);
    lies = true;
    return { device, disk, honest, recover: () => (lies = false) };
  }

  it('is passed over for one that is honest', async () => {
    const { device, disk } = await open(true);
    const target = new Uint8Array(TOTAL_BYTES - CHUNK_BYTES);
    expect(await device.read(CHUNK_BYTES, target)).toEqual(DONE);
    expect(Buffer.compare(target, disk.subarray(CHUNK_BYTES))).toBe(0);
    expect(device.mirrors()[0]).toMatchObject({ state: 'resting' });
  });

  it('alone leaves its readers to wait, and serves them when it is well again', async () => {
    const { device, disk, recover } = await open(false);
    const target = new Uint8Array(CHUNK_BYTES);
    const refused = await device.read(CHUNK_BYTES, target);
    expect(refused.ok ? '' : refused.failure.code).toMatch(/^source-(unreachable|changed)$/);
    recover();
    expect(await device.read(CHUNK_BYTES, target)).toEqual(DONE);
    expect(Buffer.compare(target, disk.subarray(CHUNK_BYTES, 2 * CHUNK_BYTES))).toBe(0);
  });
});
