import type { OnError } from '../../streaming/job/on-error.ts';
import type { Range } from '../../block/range.ts';
import type { ShareSlot } from '../../streaming/limits/fair-share.ts';
import type { ImageChain } from '../chain/image-chain.ts';

/** How a disk is to be opened. Plain data: it is sent to the thread that owns the disk. */
export interface DiskSpec {
  readonly chain: ImageChain;
  /** What a monitor calls the disk as a whole; a job without an id of its own is called the same. */
  readonly deviceName?: string | undefined;
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
  /** This disk's part of that bucket; without one it takes what it gets. */
  readonly share?: ShareSlot | undefined;
  /** What a start reads, in order: fetched before everything else. */
  readonly bootProfile?: readonly Range[] | undefined;
}

/** How a disk is to be streamed: the arguments of QEMU's `block-stream`, with the same meaning. */
export interface StreamSpec {
  /** Default: the name of the device, where the topmost layer is streamed into. */
  readonly jobId?: string | undefined;
  /** Bytes per second; 0 for no limit of its own. */
  readonly speed: number;
  readonly onError: OnError;
  /** The layer to stream into, by its node name; the topmost one when left out or when it is the device's name. */
  readonly device?: string | undefined;
  /** Stream down to this layer, which becomes the backing file, given by file. Everything when left out. */
  readonly base?: string | undefined;
  /** The same, given by node name. */
  readonly baseNode?: string | undefined;
  /** The same, given as the last layer to take something from, by node name. */
  readonly bottom?: string | undefined;
  /** The same, counted in layers as they are now: 1 is the backing file of the layer streamed into. */
  readonly baseLayer?: number | undefined;
  /** What to write into the header for the base. Default: its path. */
  readonly backingFile?: string | undefined;
  /**
   * QEMU puts a filter node above the layer it streams into, and names it instead of the layer where a request from
   * further up meets it. There is none here, but its name in messages.
   */
  readonly filterNodeName?: string | undefined;
  /** False: stop in `pending` until the job is finalized. Default true. */
  readonly autoFinalize?: boolean | undefined;
  /** False: stay in `concluded` until the job is dismissed. Default true. */
  readonly autoDismiss?: boolean | undefined;
}
