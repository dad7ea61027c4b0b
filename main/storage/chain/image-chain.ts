import path from 'node:path';
import type { MessagePort } from 'node:worker_threads';
import type { PublishedMaster } from '../../../shared/master.ts';
import type { SourceIdentity } from '../../block/remote/source-identity.ts';
import type { BackingReference } from '../../qed/image.ts';
import { isRemote, localPath, type ImageFormat } from './location.ts';

/** An image and the images behind it, topmost first. Plain data: it can be stored and sent to another thread. */
export interface ImageChain {
  /** A path, or an address: `http://`, `https://`, `nbd://` … */
  readonly location: string;
  readonly format: ImageFormat;
  /** Null when nothing lies behind, or when nothing behind is to be opened. */
  readonly backing: ImageChain | null;
  /** What is known of the file or source from before; another version of it is refused with `source-changed`. */
  readonly expected?: SourceIdentity | undefined;
  /**
   * Set where this is the disk of a published master: it is read from the sources named here, and every byte verified.
   * The location is that of the disk in the first of them, for messages and for the headers of overlays.
   */
  readonly published?: PublishedMaster | undefined;
  /**
   * Set where another thread owns this layer and may be writing it: it is read through this port, with all behind it.
   * The chain can then be sent once, with its ports ({@link portsOf}).
   */
  readonly served?: MessagePort | undefined;
  /** What jobs and monitors call this layer; its location where left out. */
  readonly nodeName?: string | undefined;
}

/** Whether reading this layer itself crosses a network. */
export function isRemoteLayer({ location, published }: ImageChain): boolean {
  return published === undefined ? isRemote(location) : published.sources.some(isRemote);
}

/** What has to be handed over when the chain is sent to another thread. */
export function portsOf(chain: ImageChain): MessagePort[] {
  return layersOf(chain).flatMap(({ served }) => served ?? []);
}

/** The same chain, with every layer read from its own file. What is being written elsewhere may seem older then. */
export function withoutPorts(chain: ImageChain): ImageChain {
  return { ...chain, served: undefined, backing: chain.backing && withoutPorts(chain.backing) };
}

export function nodeNameOf(layer: ImageChain): string {
  return layer.nodeName ?? layer.location;
}

/** Gives every layer that has no name one: three digits behind `prefix`, from the topmost on. */
export function withNodeNames(chain: ImageChain, prefix: string, depth = 0): ImageChain {
  return {
    ...chain,
    nodeName: chain.nodeName ?? `${prefix}${String(depth).padStart(3, '0')}`,
    backing: chain.backing && withNodeNames(chain.backing, prefix, depth + 1),
  };
}

/** The layers of a chain, topmost first. */
export function layersOf(chain: ImageChain): ImageChain[] {
  return chain.backing === null ? [chain] : [chain, ...layersOf(chain.backing)];
}

/** The chain of these layers, topmost first; null for none. */
export function chainOf(layers: readonly ImageChain[]): ImageChain | null {
  return layers.reduceRight<ImageChain | null>((backing, layer) => ({ ...layer, backing }), null);
}

/** How `image` is to be named in the header of `overlay`: relative where both lie in one folder, so they can move. */
export function backingReferenceFor(overlay: ImageChain, image: ImageChain): BackingReference {
  const raw = image.format === 'raw';
  if (isRemote(image.location)) return { name: image.location, raw };
  const overlayFolder = path.dirname(path.resolve(localPath(overlay.location)));
  const file = path.resolve(localPath(image.location));
  return { name: path.dirname(file) === overlayFolder ? path.basename(file) : file, raw };
}
