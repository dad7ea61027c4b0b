import type { BlockDevice } from '../../../block/device.ts';
import type { ConvertSettings } from './convert-arguments.ts';
import type { ImageOptions } from './image-options.ts';
import type { OpenedImage } from './open-image.ts';

/** What a conversion writes to, open. */
export interface ConvertTarget {
  readonly device: BlockDevice;
  /** True when everything not written reads as zeroes. */
  readonly zero: boolean;
  /**
   * How many layers of the source to copy: those above the backing file of the target. Infinity when the target has
   * none.
   */
  readonly ownLayers: number;
  /** Gives up the right to write, after the device is closed. */
  release(): void;
}

/** What the target of a conversion has to be. */
export interface TargetRequest {
  readonly name: string;
  readonly settings: ConvertSettings;
  readonly sources: readonly OpenedImage[];
  readonly totalBytes: number;
  readonly options: ImageOptions;
  readonly durable: boolean;
}
