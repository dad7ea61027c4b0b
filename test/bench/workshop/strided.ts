import { KIB } from '../../../shared/units.ts';

/** Request `n` goes to `startBytes + n * stepBytes`, wrapped around at the end of the disk: as in `qemu-img bench`. */
export interface StridedAccess {
  readonly write: boolean;
  readonly count: number;
  readonly depth: number;
  readonly startBytes: number;
  readonly stepBytes: number;
  /** Drain and flush after every so many requests; only once at the end when left out. Writes only. */
  readonly flushEvery?: number;
}

const CLUSTER_BYTES = 64 * KIB;

/**
 * A step that leads from cluster to cluster as if at random and to each only once, as long as the number of clusters
 * is a power of two: an odd number of clusters.
 */
export const SCATTER_STEP_BYTES = 10_007 * CLUSTER_BYTES;

/** Inside a cluster, so that there is something to copy before and behind what is written. */
export const INSIDE_CLUSTER_BYTES = 20 * KIB;
