import type { Range } from '../../block/range.ts';
import type { MirrorReport } from '../../block/verified/mirror-record.ts';
import type { StoreOutcome } from '../../qed/cluster-store.ts';
import type { ImageChain } from '../chain/image-chain.ts';
import type { SharedSeals } from '../chain/source-seals.ts';
import type { SharedPack } from '../pack/shared-pack.ts';

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
  /** The boot pack: what of it is here is not asked of the source. */
  readonly pack?: SharedPack | undefined;
}

export interface CopyRequest {
  readonly ranges: readonly Range[];
  /** Free clusters of the image file, by offset in it: to be used before new ones. */
  readonly spare: readonly Range[];
}

export interface CopyAnswer {
  /** What was copied before something failed. */
  readonly outcome: StoreOutcome;
  /** Free clusters that were not used, or could not be written. */
  readonly spare: readonly Range[];
}

/** What a copy worker can be asked. */
export interface CopyCalls {
  copy: { argument: CopyRequest; answer: CopyAnswer };
  /** A guest uses the image from now on: its requests go first. */
  standBack: { argument: null; answer: void };
  /** What it knows of the sources of a published master. */
  mirrors: { argument: null; answer: readonly MirrorReport[] };
}
