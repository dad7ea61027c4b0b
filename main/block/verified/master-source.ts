import type { MASTER_FILES } from '../../../shared/master-files.ts';
import type { Result } from '../../../shared/result.ts';
import type { BlockDevice } from '../device.ts';
import type { MirrorSample } from './mirror-health.ts';

/** A file that belongs to a master. */
export type MasterFile = (typeof MASTER_FILES)[keyof typeof MASTER_FILES];

/** A file at a source. What is asked of it can be withdrawn. */
export interface SourceFile extends BlockDevice {
  /** @param signal withdraws the read: nothing is written into `target` from then on, whenever it ends */
  read(offset: number, target: Uint8Array, signal?: AbortSignal): Promise<Result<void>>;
}

/**
 * A place where the files of a master lie: a folder of this machine, or one on a web server. Nothing it says is
 * believed.
 */
export interface MasterSource {
  /** For messages: without credentials. */
  readonly name: string;
  /** True when reading crosses a network. */
  readonly remote: boolean;
  /**
   * Makes ready to read a file that should be `lengthBytes` long. May succeed without asking anybody: what is wrong
   * shows in the first read then.
   * @param onSample told how each request went, where there is something to tell
   */
  open(
    file: MasterFile,
    lengthBytes: number,
    onSample: (sample: MirrorSample) => void,
  ): Promise<Result<SourceFile>>;
}
