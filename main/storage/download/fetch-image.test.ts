import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import zlib from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../../shared/clock.ts';
import { DONE } from '../../../shared/result.ts';
import { MIB } from '../../../shared/units.ts';
import { ScriptedServer, content, partial, type Script } from '../../../test/support/scripted-server.ts';
import { tempFolder } from '../../../test/support/temp-folder.ts';
import { UNLIMITED } from '../../streaming/limits/bucket-chain.ts';
import { partOf } from './kept-download.ts';
import { fetchImage, type WholeImage } from './fetch-image.ts';
import { canUnpack } from './unpack.ts';

const IMAGE = content(0, 9 * MIB + 100);

interface Served {
  readonly bytes?: Buffer;
  readonly image?: Partial<WholeImage>;
  readonly script?: (request: Parameters<Script>[0], right: () => Buffer) => ReturnType<Script>;
}

/** A server that has an image, and somebody who fetches it. */
async function setUp({ bytes = IMAGE, image: different = {}, script }: Served = {}) {
  const right = (request: Parameters<Script>[0]) =>
    partial(request, {
      totalBytes: bytes.length,
      body: bytes.subarray(request.offset, request.offset + request.length),
    });
  const server = await ScriptedServer.start(
    (request) =>
      script?.(request, () => right(request)) ?? (script === undefined ? right(request) : undefined),
  );
  onTestFinished(() => server.close());
  const file = path.join(tempFolder(), 'downloads', 'one.image');
  const image: WholeImage = {
    location: server.url('/disk.img'),
    lengthBytes: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    packing: 'none',
    ...different,
  };
  const abort = new AbortController();
  const fractions: number[] = [];
  const fetch = () =>
    fetchImage(image, file, {
      clock: systemClock,
      limit: UNLIMITED,
      signal: abort.signal,
      progress: (fraction) => fractions.push(fraction),
    });
  /** Bytes that were asked for, but for the first look. */
  const asked = () => server.requests.reduce((sum, { length, index }) => sum + (index === 0 ? 0 : length), 0);
  const part = (left: Uint8Array) => {
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(partOf(file), left);
  };
  return { server, file, image, abort, fractions, fetch, asked, part };
}

const isImage = (file: string, bytes: Buffer = IMAGE) => Buffer.compare(fs.readFileSync(file), bytes) === 0;

describe('an image that is fetched whole', () => {
  it('is there when all of it is right, with its progress told', async () => {
    const { file, fetch, fractions, asked } = await setUp();
    expect(await fetch()).toEqual(DONE);
    expect(isImage(file)).toBe(true);
    expect(fs.existsSync(partOf(file))).toBe(false);
    expect(fractions).toEqual(fractions.toSorted((a, b) => a - b));
    expect(fractions.at(-1)).toBe(1);
    expect(asked()).toBe(IMAGE.length);
  });

  it('is gone on with where an earlier attempt ended', async () => {
    const { file, fetch, asked, part } = await setUp();
    part(IMAGE.subarray(0, 5 * MIB + 7));
    expect(await fetch()).toEqual(DONE);
    expect(isImage(file)).toBe(true);
    expect(asked()).toBe(IMAGE.length - 5 * MIB - 7);
  });

  it('is fetched anew where what was left is something else', async () => {
    const { file, fetch, part } = await setUp();
    part(Buffer.alloc(5 * MIB));
    expect(await fetch()).toEqual(DONE);
    expect(isImage(file)).toBe(true);
  });

  it('needs nobody when all of it is here, and what is too much goes', async () => {
    const { server, file, fetch, part } = await setUp();
    part(Buffer.concat([IMAGE, Buffer.from('more')]));
    expect(await fetch()).toEqual(DONE);
    expect(isImage(file)).toBe(true);
    expect(server.requests).toEqual([]);
  });

  it('is refused, and nothing of it kept, when its checksum is another', async () => {
    const { file, fetch, image } = await setUp({ image: { sha256: 'ab'.repeat(32) } });
    expect(await fetch()).toMatchObject({
      failure: {
        code: 'source-changed',
        message: `${image.location}: what lies there has another SHA-256 than its list says; it is not used`,
      },
    });
    expect(fs.existsSync(file)).toBe(false);
    expect(fs.statSync(partOf(file)).size).toBe(0);
  });

  it('is refused when it is longer or shorter than its list says', async () => {
    const { fetch } = await setUp({ image: { lengthBytes: 1000 } });
    expect(await fetch()).toMatchObject({ failure: { code: 'source-changed' } });
  });

  it('comes from a server that fails now and then', async () => {
    const { file, fetch } = await setUp({
      script: (request, right) => {
        if (request.index !== 4) return right();
        request.socket.resetAndDestroy();
        return undefined;
      },
    });
    expect(await fetch()).toEqual(DONE);
    expect(isImage(file)).toBe(true);
  });

  it('is kept as far as it came when it is cancelled, at once', async () => {
    const { file, fetch, abort, part } = await setUp({
      script: (request, right) => {
        if (request.offset < 4 * MIB) return right();
        abort.abort();
        return undefined;
      },
    });
    part(IMAGE.subarray(0, 100));
    expect(await fetch()).toMatchObject({ failure: { code: 'cancelled' } });
    const left = fs.readFileSync(partOf(file));
    expect(left.length).toBeGreaterThanOrEqual(100);
    expect(Buffer.compare(left, IMAGE.subarray(0, left.length))).toBe(0);
  });

  it('may be a file of this computer', async () => {
    const source = path.join(tempFolder(), 'disk.img');
    fs.writeFileSync(source, IMAGE);
    const { file, fetch } = await setUp({ image: { location: source } });
    expect(await fetch()).toEqual(DONE);
    expect(isImage(file)).toBe(true);
  });

  it('is fetched by one at a time', async () => {
    const { fetch } = await setUp();
    const outcomes = await Promise.all([fetch(), fetch()]);
    expect(outcomes).toContainEqual(DONE);
    expect(outcomes).toContainEqual(expect.objectContaining({ ok: false }));
    expect(outcomes.find(({ ok }) => !ok)).toMatchObject({ failure: { code: 'busy' } });
  });
});

describe('a compressed image', () => {
  const DISK = Buffer.concat([content(0, MIB + 100), Buffer.alloc(40 * MIB), content(0, 100)]);

  it('is unpacked when its checksum is right, and zeroes take no space', async () => {
    const { file, fetch, fractions } = await setUp({
      bytes: zlib.gzipSync(DISK),
      image: { packing: 'gzip' },
    });
    expect(await fetch()).toEqual(DONE);
    expect(isImage(file, DISK)).toBe(true);
    expect(fs.statSync(file).blocks * 512).toBeLessThan(8 * MIB);
    expect(fs.readdirSync(path.dirname(file))).toEqual([path.basename(file)]);
    expect(fractions.at(-1)).toBeCloseTo(1);
  });

  it('that ends early makes no image', async () => {
    const { file, fetch } = await setUp({
      bytes: zlib.gzipSync(DISK).subarray(0, -20),
      image: { packing: 'gzip' },
    });
    expect(await fetch()).toMatchObject({ failure: { code: 'malformed' } });
    expect(fs.readdirSync(path.dirname(file))).toEqual([]);
  });

  it('that nothing here can unpack is told of', async () => {
    const { fetch } = await setUp({ image: { packing: 'xz' } });
    expect(canUnpack('xz')).toBe(false);
    expect(await fetch()).toMatchObject({ failure: { code: 'unsupported' } });
  });
});
