import type { ImageFormat } from './location.ts';

/** An image and the images behind it, topmost first. Plain data: it can be stored and sent to another thread. */
export interface ImageChain {
  /** A path, or an `http://` or `https://` address. */
  readonly location: string;
  readonly format: ImageFormat;
  /** Null when nothing lies behind, or when nothing behind is to be opened. */
  readonly backing: ImageChain | null;
}

/** The layers of a chain, topmost first. */
export function layersOf(chain: ImageChain): ImageChain[] {
  return chain.backing === null ? [chain] : [chain, ...layersOf(chain.backing)];
}
