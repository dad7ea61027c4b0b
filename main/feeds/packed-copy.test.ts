import { describe, expect, it } from 'vitest';
import zlib from 'node:zlib';
import { unwrap } from '../../shared/result.ts';
import { MIB } from '../../shared/units.ts';
import { packCopy, unpackCopy } from './packed-copy.ts';

const document = new TextEncoder().encode(JSON.stringify(Array.from({ length: 1000 }, (_, id) => ({ id }))));

describe('the copy of a feed that the catalog keeps', () => {
  it.each([null, 'signature'])('comes back byte for byte, with its signature (%s)', async (signature) => {
    const back = unwrap(await unpackCopy(await packCopy({ document, signature })));
    expect(Buffer.from(back.document).equals(document)).toBe(true);
    expect(back.signature).toBe(signature);
  });

  it('is a part of its size', async () => {
    const packed = await packCopy({ document, signature: null });
    expect(packed.document.length).toBeLessThan(document.length / 2);
  });

  it('is read as it is where it was stored before copies were packed', async () => {
    const stored = { document, packing: 'none', signature: null } as const;
    expect(unwrap(await unpackCopy(stored)).document).toBe(document);
  });

  it.each([
    ['cut off', (packed: Uint8Array) => packed.subarray(0, packed.length / 2)],
    ['changed', (packed: Uint8Array) => packed.map((byte, at) => (at > 20 ? byte ^ 0x55 : byte))],
    ['empty', () => new Uint8Array()],
    ['far larger than any list when it is unpacked', () => zlib.deflateSync(Buffer.alloc(65 * MIB))],
  ])('is malformed when it is %s', async (_, damaged) => {
    const packed = await packCopy({ document, signature: null });
    const unpacked = await unpackCopy({ ...packed, document: new Uint8Array(damaged(packed.document)) });
    expect(unpacked).toMatchObject({ failure: { code: 'malformed' } });
  });
});
