import { createCipheriv } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { brotliCompressSync, constants } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { run } from '../command.mjs';
import { lz4Streams } from './lz4-streams.mjs';

const lz4 = (input) => run('lz4', ['-l', '-12', '-c', '-q'], { input, encoding: 'buffer' });

/** What stub.S does. */
function unpack({ tokens, offsets, literals }, length) {
  const output = Buffer.alloc(length);
  let [token, offset, literal, at] = [0, 0, 0, 0];
  const whole = (short) => {
    let bytes = short;
    if (short === 15)
      do bytes += tokens[token];
      while (tokens[token++] === 255);
    return bytes;
  };
  for (;;) {
    const lengths = tokens[token++];
    const run = whole(lengths >> 4);
    at += literals.copy(output, at, literal, literal + run);
    literal += run;
    const back = offsets.readUInt16LE(offset);
    offset += 2;
    if (back === 0) break;
    for (let left = whole(lengths & 15) + 4; left > 0; left--, at++) output[at] = output[at - back];
  }
  expect([token, offset, literal]).toEqual([tokens.length, offsets.length, literals.length]);
  return output.subarray(0, at);
}

const noise = createCipheriv('aes-128-ctr', Buffer.alloc(16), Buffer.alloc(16)).update(Buffer.alloc(100_000));

describe('the streams of an LZ4 file', () => {
  it.each([
    ['a program', readFileSync(process.execPath).subarray(0, 3 << 20)],
    ['nothing but zeroes', Buffer.alloc(100_000)],
    ['what cannot be compressed', noise],
    ['long runs of literals between long matches', Buffer.concat([noise, Buffer.alloc(70_000, 7), noise])],
    ['a single byte', Buffer.from('x')],
    ['more than one block of 8 MiB', Buffer.alloc(20 << 20, 'the same again and again, ')],
  ])('unpack to what was compressed: %s', (_name, content) => {
    expect(unpack(lz4Streams(lz4(content)), content.length).equals(content)).toBe(true);
  });

  it('take no more room than the file, and less once they are compressed', () => {
    const file = lz4(readFileSync(process.execPath).subarray(20 << 20, 21 << 20));
    const streams = Buffer.concat(Object.values(lz4Streams(file)));
    expect(streams.length).toBeLessThanOrEqual(file.length);
    const packed = (bytes) =>
      brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } }).length;
    expect(packed(streams)).toBeLessThan(packed(file));
  });
});
