import { describe, expect, it } from 'vitest';
import { GIB, KIB, MIB, TIB } from '../../shared/units.ts';
import { MAX_CLUSTER_BYTES, MAX_TABLE_CLUSTERS, MIN_CLUSTER_BYTES } from './format.ts';
import {
  geometryOf,
  l1EntriesUsed,
  l1IndexOf,
  l2EntriesUsed,
  sliceEntryOf,
  sliceIndexOf,
  slicePositionOf,
} from './geometry.ts';

describe('the geometry of an image', () => {
  it('is the documented one for the default sizes', () => {
    const geometry = geometryOf(64 * KIB, 4);
    expect(geometry).toMatchObject({
      tableEntries: 32_768,
      tableBytes: 256 * KIB,
      bytesPerTable: 2 * GIB,
      maxImageBytes: 64 * TIB,
    });
  });

  it('is the documented one for the smallest sizes', () => {
    expect(geometryOf(4096, 1)).toMatchObject({
      tableEntries: 512,
      bytesPerTable: 2 * MIB,
      maxImageBytes: GIB,
    });
  });

  for (let clusterBytes = MIN_CLUSTER_BYTES; clusterBytes <= MAX_CLUSTER_BYTES; clusterBytes *= 2) {
    for (let tableClusters = 1; tableClusters <= MAX_TABLE_CLUSTERS; tableClusters *= 2) {
      it(`splits every address at its borders: clusters of ${clusterBytes}, tables of ${tableClusters}`, () => {
        const geometry = geometryOf(clusterBytes, tableClusters);
        const last = Math.min(geometry.maxImageBytes, Number.MAX_SAFE_INTEGER + 1) - 1;
        const borders = [clusterBytes, geometry.bytesPerSlice, geometry.bytesPerTable, last];
        for (const border of borders) {
          for (const offset of [0, border - 1, border, Math.min(last, border + 1)]) {
            if (offset > last) continue;
            const byBigInt = BigInt(offset) / BigInt(clusterBytes);
            const entries = BigInt(geometry.tableEntries);
            expect(l1IndexOf(geometry, offset)).toBe(Number(byBigInt / entries));
            const inTable = slicePositionOf(geometry, offset) / 8 + sliceEntryOf(geometry, offset);
            expect(inTable).toBe(Number(byBigInt % entries));
            const inAll =
              sliceIndexOf(geometry, offset) * (geometry.sliceBytes / 8) + sliceEntryOf(geometry, offset);
            expect(inAll).toBe(Number(byBigInt));
          }
        }
        expect(geometry.tableBytes % geometry.sliceBytes).toBe(0);
        expect(geometry.maxImageBytes).toBe(geometry.tableEntries ** 2 * clusterBytes);
      });
    }
  }

  it('counts the entries that an image can use', () => {
    const geometry = geometryOf(4096, 1);
    expect(l1EntriesUsed(geometry, 0)).toBe(0);
    expect(l1EntriesUsed(geometry, 1)).toBe(1);
    expect(l1EntriesUsed(geometry, 2 * MIB)).toBe(1);
    expect(l1EntriesUsed(geometry, 2 * MIB + 512)).toBe(2);
    expect(l2EntriesUsed(geometry, 4097)).toBe(2);
    expect(l2EntriesUsed(geometry, GIB)).toBe(512);
  });
});
