import type { OnError } from '../../streaming/job/on-error.ts';
import type { ImageChain } from '../chain/image-chain.ts';

/** How a disk is to be opened. Plain data: it is sent to the thread that owns the disk. */
export interface DiskSpec {
  readonly chain: ImageChain;
  readonly readOnly: boolean;
  /** `image`: as the image's own flag says. */
  readonly copyOnRead: 'on' | 'off' | 'image';
  /**
   * What a read does whose source cannot be reached: `report` fails it, which suits tools; `wait` keeps trying, which
   * a running guest needs.
   */
  readonly onSourceLost: 'report' | 'wait';
  /** Most connections to each remote source, for guest reads and for streaming each. */
  readonly connections?: number;
  /** The bucket everything draws on, if there is one: memory of a `TokenBucket`. */
  readonly globalLimit?: SharedArrayBuffer;
}

/** How a disk is to be streamed. */
export interface StreamSpec {
  readonly jobId: string;
  /** Bytes per second; 0 for no limit of its own. */
  readonly speed: number;
  readonly onError: OnError;
  /** Stream only down to this layer of the chain, counted from 1 for the backing file; everything when left out. */
  readonly baseLayer?: number;
}
