import type { Range } from '../block/range.ts';
import type { StoreOutcome } from '../qed/cluster-store.ts';
import type { ImageChain } from './chain/image-chain.ts';
import type { SharedSeals } from './chain/source-seals.ts';

/** What a copy worker needs to know about the image it helps to fill; sent as its `workerData`. */
export interface CopyWorkerData {
  /** Where the data comes from: everything behind the image. */
  readonly source: ImageChain;
  /** The image file that the data goes to. */
  readonly imagePath: string;
  readonly clusterBytes: number;
  /** The free-space pointer of the thread that owns the image. */
  readonly allocator: SharedArrayBuffer;
  readonly connections?: number | undefined;
  /** What the sources are that the guest's thread has opened. */
  readonly seals: SharedSeals;
  /** A guest uses the image: its requests go first. */
  readonly standBack: boolean;
}

export interface CopyRequest {
  readonly id: number;
  readonly ranges: readonly Range[];
}

/** What a copy worker is sent. */
export type CopyMessage = CopyRequest | 'stand-back';

export interface CopyReply {
  readonly id: number;
  readonly outcome: StoreOutcome;
}
