import { describe, expect, it } from 'vitest';
import { unwrap } from '../../shared/result.ts';
import { FEATURE, HEADER_BYTES } from './format.ts';
import { encodeHeader, parseHeader, type Header } from './header.ts';

const FILE_BYTES = 327_680;
const VALID: Header = {
  clusterBytes: 65_536,
  tableClusters: 4,
  headerClusters: 1,
  features: 0n,
  compatFeatures: 0n,
  autoclearFeatures: 0n,
  l1TableOffset: 65_536,
  imageBytes: 10 * 1024 * 1024,
  backingNameOffset: 0,
  backingNameBytes: 0,
};
const OVERLAY = { features: FEATURE.BACKING_FILE, backingNameOffset: 64, backingNameBytes: 5 };

function parse(changes: Partial<Header>, fileBytes = FILE_BYTES) {
  return parseHeader(encodeHeader({ ...VALID, ...changes }), fileBytes, 'disk.qed');
}

function faultOf(changes: Partial<Header>, fileBytes?: number): string {
  const parsed = parse(changes, fileBytes);
  return parsed.ok ? 'none' : `${parsed.failure.code}: ${parsed.failure.message}`;
}

describe('the header of a QED image', () => {
  it('is the one that QEMU writes', () => {
    const bytes = encodeHeader({ ...VALID, features: 5n, backingNameOffset: 64, backingNameBytes: 5 });
    expect(Buffer.from(bytes).toString('hex')).toBe(
      '51454400000001000400000001000000' +
        '0500000000000000' +
        '0000000000000000' +
        '0000000000000000' +
        '0000010000000000' +
        '0000a00000000000' +
        '4000000005000000',
    );
  });

  it('comes back as it was written', () => {
    const header = { ...VALID, ...OVERLAY, compatFeatures: 0xffn << 56n, autoclearFeatures: 1n << 63n };
    expect(unwrap(parse(header))).toEqual(header);
  });

  it('needs 64 bytes and the magic number', () => {
    const bytes = encodeHeader(VALID);
    const notQed = { failure: { code: 'malformed', message: "'d': Image not in QED format" } };
    expect(parseHeader(bytes.subarray(0, HEADER_BYTES - 1), FILE_BYTES, 'd')).toMatchObject(notQed);
    expect(parseHeader(new Uint8Array(0), 0, 'd')).toMatchObject(notQed);
    for (let at = 0; at < 4; at++) {
      const other = bytes.slice();
      other[at] = (other[at] ?? 0) + 1;
      expect(parseHeader(other, FILE_BYTES, 'd')).toMatchObject(notQed);
    }
  });

  it('is read from the middle of a larger buffer', () => {
    const buffer = new Uint8Array(100);
    buffer.set(encodeHeader(VALID), 7);
    expect(unwrap(parseHeader(buffer.subarray(7), FILE_BYTES, 'd'))).toEqual(VALID);
  });

  it('names unknown features in hex, as QEMU does', () => {
    expect(faultOf({ features: 8n })).toBe("unsupported: 'disk.qed': Unsupported QED features: 8");
    expect(faultOf({ features: (0xabn << 32n) | 7n })).toContain('Unsupported QED features: ab00000000');
  });

  it('ignores unknown compatible and autoclear features', () => {
    expect(parse({ compatFeatures: 2n ** 64n - 1n, autoclearFeatures: 2n ** 64n - 1n }).ok).toBe(true);
  });

  it.each([0, 1, 2048, 4095, 12_288, 2 ** 27, 2 ** 32 - 1])('refuses cluster_size %d', (clusterBytes) => {
    const range = 'must be within range [4096, 67108864] and power of 2';
    expect(faultOf({ clusterBytes })).toMatch(`cluster_size is ${clusterBytes}: QED cluster size ${range}`);
  });

  it.each([0, 3, 17, 32, 2 ** 32 - 1])('refuses table_size %d', (tableClusters) => {
    const range = 'must be within range [1, 16] and power of 2';
    expect(faultOf({ tableClusters })).toMatch(`table_size is ${tableClusters}: QED table size ${range}`);
  });

  it('refuses an image_size that its tables cannot address or that is not a multiple of 512', () => {
    expect(faultOf({ imageBytes: 2 ** 46 })).toBe('none');
    expect(faultOf({ imageBytes: 2 ** 46 + 512 })).toMatch(
      'image_size is 70368744178176, more than the 70368744177664',
    );
    expect(faultOf({ imageBytes: 1000 })).toMatch('image_size 1000 is not a multiple of 512');
    const huge = encodeHeader(VALID);
    new DataView(huge.buffer).setBigUint64(48, 2n ** 64n - 512n, true);
    expect(parseHeader(huge, FILE_BYTES, 'd')).toMatchObject({ failure: { code: 'malformed' } });
  });

  it('refuses an l1_table_offset that is unaligned, inside the header or not inside the file', () => {
    expect(faultOf({ l1TableOffset: 65_536 + 4096 })).toMatch(
      'l1_table_offset 69632 is not at the start of a cluster',
    );
    expect(faultOf({ l1TableOffset: 0 })).toMatch('l1_table_offset 0 lies inside the header');
    expect(faultOf({ l1TableOffset: 131_072 })).toMatch('points past the end of the file (327680 bytes)');
    expect(faultOf({}, FILE_BYTES - 1)).toMatch('points past the end of the file (327679 bytes)');
    expect(faultOf({ l1TableOffset: 2 ** 53 })).toMatch('l1_table_offset');
  });

  it('refuses a header_size of 0 or beyond 32 bits', () => {
    expect(faultOf({ headerClusters: 0 })).toMatch('header_size is 0');
    expect(faultOf({ headerClusters: 65_536, l1TableOffset: 2 ** 32 }, 2 ** 33)).toMatch(
      'header_size of 65536 clusters is too large for 32 bits',
    );
    expect(faultOf({ headerClusters: 65_535, l1TableOffset: 2 ** 32 }, 2 ** 33)).toBe('none');
  });

  it('refuses a backing name outside the header clusters, but only where there is one', () => {
    expect(faultOf(OVERLAY)).toBe('none');
    expect(faultOf({ ...OVERLAY, backingNameOffset: 65_531 })).toBe('none');
    expect(faultOf({ ...OVERLAY, backingNameOffset: 65_532 })).toMatch('reaches past the header clusters');
    expect(faultOf({ ...OVERLAY, backingNameOffset: 2 ** 32 - 1 })).toMatch('backing_filename_offset');
    expect(faultOf({ ...OVERLAY, backingNameOffset: 63 })).toMatch('lies inside the header fields');
    expect(faultOf({ ...OVERLAY, backingNameBytes: 0 })).toMatch('backing_filename_size is 0');
    expect(faultOf({ ...OVERLAY, backingNameBytes: 4096 })).toMatch('at most 4095');
    expect(faultOf({ ...OVERLAY, backingNameBytes: 4095 })).toBe('none');
    expect(faultOf({ backingNameOffset: 2 ** 32 - 1, backingNameBytes: 2 ** 32 - 1 })).toBe('none');
  });

  it('names the first of several faults in the order of QEMU', () => {
    const faults: [Partial<Header>, string][] = [
      [{ features: 8n }, 'Unsupported'],
      [{ clusterBytes: 1 }, 'cluster_size'],
      [{ tableClusters: 3 }, 'table_size'],
      [{ imageBytes: 1 }, 'image_size'],
      [{ l1TableOffset: 1 }, 'l1_table_offset'],
      [{ headerClusters: 2 ** 31 }, 'header_size'],
    ];
    for (let first = 0; first < faults.length - 1; first++) {
      const all = faults.slice(first).reduce((changes, [change]) => ({ ...changes, ...change }), {});
      expect(faultOf(all)).toMatch(faults[first]?.[1] ?? '');
    }
  });
});
