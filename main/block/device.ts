import type { Result } from '../../shared/result.ts';
import type { Range } from './range.ts';

/** Where the bytes of an extent come from. */
export type ExtentKind =
  /** Stored in this device; `fileOffset` tells where. */
  | 'data'
  /** Known to read as zeroes without looking further. */
  | 'zero'
  /** Not stored here: comes from the backing device, or reads as zeroes where there is none. */
  | 'unallocated';

/** A run of guest addresses in one state, as `qemu-img map` reports it. */
export interface Extent extends Range {
  readonly kind: ExtentKind;
  /** Position of the first byte in the image file, for `data`. */
  readonly fileOffset?: number | undefined;
}

/**
 * A block device: numbered bytes that can be read and, mostly, written.
 *
 * Every driver (file, memory, HTTP, QED, a disk in another thread) offers this one contract and passes one
 * conformance suite (`device.conformance.ts`). Offsets and lengths are whole numbers of bytes and need no alignment
 * unless a driver says so. Any number of requests may be in flight. A range outside the device fails with
 * `out-of-range`. Nothing is durable before {@link flush} has returned.
 */
export interface BlockDevice {
  /** What messages call the device: a file name or an address. */
  readonly name: string;
  /** Size the guest sees, in bytes. */
  readonly lengthBytes: number;
  readonly readOnly: boolean;
  /**
   * True when reads cross a network: callers then read in larger pieces, avoid fetching twice, and expect
   * `source-…` failures.
   */
  readonly remote: boolean;

  /** Fills the whole of `target` from `offset` on. `target` is scratch until the promise resolves. */
  read(offset: number, target: Uint8Array): Promise<Result<void>>;
  /** Stores `data` at `offset`. `data` must not change until the promise resolves. */
  write(offset: number, data: Uint8Array): Promise<Result<void>>;
  /** Makes a range read as zeroes, storing as little as the format allows. */
  writeZeroes(offset: number, length: number): Promise<Result<void>>;
  /** A hint that nobody needs the content of a range any more; afterwards it reads as before or as zeroes. */
  discard(offset: number, length: number): Promise<Result<void>>;
  /** Makes everything acknowledged so far survive a loss of power. */
  flush(): Promise<Result<void>>;
  /**
   * The state of `offset` and how far it goes, looking at most `length` bytes ahead. Without reading the data.
   * `length` must be positive; the extent returned starts at `offset` and is at least one byte long.
   */
  extentAt(offset: number, length: number): Promise<Result<Extent>>;
  /** Flushes what is pending and frees the device. Requests after this fail with `closed`. Idempotent. */
  close(): Promise<Result<void>>;
}
