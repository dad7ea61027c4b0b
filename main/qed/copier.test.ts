import { describe, expect, it } from 'vitest';
import { MemoryDevice } from '../../test/support/memory-device.ts';
import { MemoryFile } from '../../test/support/memory-file.ts';
import { pattern } from '../../test/support/qed-disk.ts';
import { Allocator } from './allocator.ts';
import { ClusterStore } from './cluster-store.ts';
import { DirectCopier } from './copier.ts';

const CLUSTER = 64 * 1024;
/** Local data is copied four clusters at a time. */
const CLUSTERS = 12;

function copierOf(content: Uint8Array): { copier: DirectCopier; allocator: Allocator } {
  const allocator = new Allocator(CLUSTER, 0);
  const store = new ClusterStore(new MemoryFile(), allocator, CLUSTER);
  return { allocator, copier: new DirectCopier(MemoryDevice.of(content), store, CLUSTER) };
}

describe('a copier', () => {
  it('tells of what lies side by side as one, in however many pieces it was copied', async () => {
    const { copier } = copierOf(pattern(CLUSTERS * CLUSTER, 1));
    const { placements, failure } = await copier.copy([{ offset: 0, length: CLUSTERS * CLUSTER }]);
    expect(failure).toBeNull();
    expect(placements).toEqual([{ offset: 0, clusters: CLUSTERS, fileOffset: 0 }]);
  });

  it('keeps ranges apart that it was given apart', async () => {
    const { copier } = copierOf(pattern(CLUSTERS * CLUSTER, 1));
    const { placements } = await copier.copy([
      { offset: 0, length: 2 * CLUSTER },
      { offset: 2 * CLUSTER, length: CLUSTER },
    ]);
    expect(placements).toEqual([
      { offset: 0, clusters: 2, fileOffset: 0 },
      { offset: 2 * CLUSTER, clusters: 1, fileOffset: 2 * CLUSTER },
    ]);
  });

  it('tells zeroes from data, and data from data elsewhere in the file', async () => {
    const content = pattern(CLUSTERS * CLUSTER, 1);
    content.fill(0, 3 * CLUSTER, 6 * CLUSTER);
    const { copier, allocator } = copierOf(content);
    allocator.giveBack(allocator.take(2));
    allocator.take(5);
    const { placements } = await copier.copy([{ offset: 0, length: CLUSTERS * CLUSTER }]);
    expect(placements).toEqual([
      { offset: 0, clusters: 2, fileOffset: 0 },
      { offset: 2 * CLUSTER, clusters: 1, fileOffset: 7 * CLUSTER },
      { offset: 3 * CLUSTER, clusters: 3, fileOffset: 'zero' },
      { offset: 6 * CLUSTER, clusters: 6, fileOffset: 8 * CLUSTER },
    ]);
  });
});
