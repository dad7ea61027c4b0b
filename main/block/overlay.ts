import type { Result } from '../../shared/result.ts';
import type { BlockDevice } from './device.ts';
import type { Range } from './range.ts';

/**
 * What a format driver offers so that copy-on-read and streaming can fill an overlay from its backing device,
 * whatever the format. This is the idea of `bdrv_aio_stream` in the 2011 RFC "QED image streaming", widened: the
 * caller sees what is missing, chooses the order, and may have several populate requests in flight.
 *
 * A cluster is *missing* while this layer stores neither data nor a zero mark for it and the backing device has
 * bytes there. What lies past the end of a shorter backing device is never missing: it reads as zeroes either way.
 */
export interface OverlayDevice extends BlockDevice {
  /** Allocation unit of this layer, in bytes: a power of two. */
  readonly clusterBytes: number;
  /** Where missing clusters come from; null once the overlay stands alone. */
  readonly backing: BlockDevice | null;

  /**
   * The first run of missing clusters that begins in `[from, to)`, cut to `to`, to the device and to `mostBytes` (no
   * limit unless given); null when there is none. Skips what is local without reading it, a whole unallocated or fully
   * local table at a time, and looks no further than the end of the run it returns.
   */
  findMissing(from: number, to: number, mostBytes?: number): Promise<Result<Range | null>>;

  /**
   * Copies what is still missing in `ranges` from the backing device into this layer, all-zero clusters as zero
   * marks. Clusters that somebody else is filling or writing at this moment are left to them. Never overwrites a
   * guest write: the clusters taken are held until they are published, and allocating writes to them wait.
   */
  populate(ranges: readonly Range[]): Promise<Result<Populated>>;

  /**
   * Takes the run of missing, unclaimed clusters that contains `offset` and ends at or before `limit`, for a caller
   * that fetches the data itself (copy-on-read). Waits while somebody else holds the first cluster. Null when that
   * cluster is not missing (any more). The caller must release the claim.
   */
  claim(offset: number, limit: number): Promise<Result<Claim | null>>;

  /** True while somebody is filling or first writing the cluster at `offset`. */
  isClaimed(offset: number): boolean;

  /**
   * Drops the reference to the backing device, durably: commit, sync, header, sync. The caller vouches that nothing
   * is missing and that no error was ignored on the way; fails with `busy` when a cluster is found missing after
   * all. The old backing device is closed once no request uses it any more.
   */
  dropBacking(): Promise<Result<void>>;
}

/** What one populate request did, in bytes of guest range. */
export interface Populated {
  /** Stored as data. */
  readonly dataBytes: number;
  /** Marked as zero. */
  readonly zeroBytes: number;
  /** Left alone: local already, or in other hands. */
  readonly skippedBytes: number;
  /**
   * Read from the backing device to do so: less than was stored where holes were known without reading. Rate limits
   * and the measure of the line go by it. Left out: everything stored was read.
   */
  readonly fetchedBytes?: number | undefined;
}

/** The exclusive right to fill a run of missing clusters. Cluster-aligned, but for the end of the device. */
export interface Claim extends Range {
  /**
   * Stores `data`, which covers the whole run, all-zero clusters as zero marks, and publishes it. On failure nothing
   * of the run is published beyond what was stored before the failure.
   */
  store(data: Uint8Array): Promise<Result<Populated>>;
  /** Gives the run back; who waited for it goes on. Idempotent. */
  release(): void;
}
