import type { MessagePort } from 'node:worker_threads';
import type { Clock } from '../../../shared/clock.ts';
import { because, err, ok, type Result } from '../../../shared/result.ts';
import type { BlockDevice } from '../../block/device.ts';
import { DeviceFile } from '../../block/device-file.ts';
import type { BlockFile } from '../../block/file.ts';
import type { KnownParts } from '../../block/known-parts.ts';
import { NodeFile } from '../../block/node-file.ts';
import { PartsFirst } from '../../block/parts-first.ts';
import { openRemoteSource } from '../../block/open-remote-source.ts';
import type { MirrorRecords } from '../../block/verified/mirror-record.ts';
import type { WrongBytes } from '../../block/verified/mirror-set.ts';
import { RawDevice } from '../../block/raw.ts';
import type { ClusterCopier } from '../../qed/copier.ts';
import { QedDevice } from '../../qed/device.ts';
import { QedImage, type QedImageOptions } from '../../qed/image.ts';
import { openLocked } from '../lock/locked-file.ts';
import { DeferredSource } from './deferred-source.ts';
import { checkExpectedFile } from './expected-file.ts';
import { isRemoteLayer, type ImageChain } from './image-chain.ts';
import { isRemote, localPath } from './location.ts';
import { openPublished } from './published-master.ts';
import { ServedSource } from './served-source.ts';
import type { SourceSeals } from './source-seals.ts';

export interface OpenOptions {
  readonly clock: Clock;
  readonly readOnly: boolean;
  /** Most connections to each remote source. */
  readonly connections?: number;
  /**
   * Opens a remote source only when it is first read, and again until that succeeds: for machines, which must start
   * from what is local. Otherwise a source that cannot be reached fails the opening.
   */
  readonly deferRemote?: boolean;
  /** Refuses remote sources that are not what others of this disk have opened. */
  readonly seals?: SourceSeals;
  /** Told when a source of a published master sends wrong bytes, also where another one has the right ones. */
  readonly onWrongBytes?: ((wrong: WrongBytes) => void) | undefined;
  /** What is known of the sources of a published master, and what is found out while reading. */
  readonly mirrors?: MirrorRecords | undefined;
  /** What need not be asked of the sources of the published master behind the topmost image. */
  readonly parts?: KnownParts | undefined;
  /** Told of every layer that is read through another thread: its connection may have to be renewed. */
  readonly onServed?: ((source: ServedSource) => void) | undefined;
  readonly qed?: Omit<QedImageOptions, 'clock'>;
  /** Makes what moves the data when the topmost image is streamed; by default the opening thread does it. */
  readonly copier?: (image: QedImage, backing: ImageChain) => ClusterCopier;
}

/**
 * Opens an image with everything behind it. The topmost is opened as asked, and locked where it is written; what
 * lies behind is opened for reading. The backing names inside the images are not followed: the chain says what is
 * behind (see `follow.ts` for tools that do follow them). What a finished overlay no longer needs is not touched.
 */
export async function openChain(chain: ImageChain, options: OpenOptions): Promise<Result<BlockDevice>> {
  if (chain.served !== undefined) return openServed(chain.location, chain.served, options);
  if (chain.published !== undefined) {
    return options.readOnly ? openPublished(chain.published, options) : cannotWriteTo(chain.location);
  }
  if (chain.format === 'raw' && isRemote(chain.location)) {
    return options.readOnly ? openRemote(chain.location, options) : cannotWriteTo(chain.location);
  }
  const unchanged = checkExpectedFile(chain);
  if (!unchanged.ok) return unchanged;
  const file = await openFile(chain.location, options);
  if (!file.ok) return file;
  const opened =
    chain.format === 'raw'
      ? await RawDevice.open(file.value)
      : await openQed(file.value, chain.backing, options);
  if (!opened.ok) await file.value.close();
  return opened;
}

async function openQed(
  file: BlockFile,
  backing: ImageChain | null,
  options: OpenOptions,
): Promise<Result<QedDevice>> {
  const image = await QedImage.open(file, { clock: options.clock, ...options.qed });
  if (!image.ok) return image;
  if (image.value.backing === null || backing === null) return ok(new QedDevice(image.value, null));
  const behind = await openBehind(backing, image.value.imageBytes, options);
  if (!behind.ok) {
    await image.value.close();
    return because('Could not open backing file', behind);
  }
  return ok(new QedDevice(image.value, behind.value, options.copier?.(image.value, backing)));
}

/**
 * Opens what is to lie behind an overlay of `overlayBytes`, for reading; where asked to, a remote source only when it
 * is needed.
 */
export async function openBehind(
  backing: ImageChain,
  overlayBytes: number,
  options: OpenOptions,
): Promise<Result<BlockDevice>> {
  const { clock, connections, deferRemote, seals, onWrongBytes, mirrors, onServed } = options;
  const parts = backing.published === undefined ? undefined : options.parts;
  const open = () =>
    openChain(backing, {
      clock,
      readOnly: true,
      onWrongBytes,
      mirrors,
      onServed,
      parts,
      ...(connections !== undefined && { connections }),
      ...(deferRemote !== undefined && { deferRemote }),
      ...(seals !== undefined && { seals }),
    });
  const defer = deferRemote === true && isRemoteLayer(backing);
  const source = defer ? ok(new DeferredSource(backing.location, overlayBytes, open)) : await open();
  return source.ok && parts !== undefined ? ok(new PartsFirst(source.value, parts)) : source;
}

async function openFile(location: string, options: OpenOptions): Promise<Result<BlockFile>> {
  if (isRemote(location)) {
    if (!options.readOnly) return cannotWriteTo(location);
    const source = await openRemote(location, options);
    return source.ok ? ok(new DeviceFile(source.value)) : source;
  }
  const path = localPath(location);
  return options.readOnly ? NodeFile.open(path, { readOnly: true }) : openLocked(path);
}

async function openServed(
  location: string,
  port: MessagePort,
  { readOnly, onServed }: OpenOptions,
): Promise<Result<BlockDevice>> {
  if (!readOnly) return err('read-only', `'${location}' belongs to another thread and can only be read`);
  const source = await ServedSource.open(location, port);
  if (source.ok) onServed?.(source.value);
  return source;
}

async function openRemote(
  location: string,
  { clock, connections, seals }: OpenOptions,
): Promise<Result<BlockDevice>> {
  const opened = await openRemoteSource(location, { clock, connections });
  if (!opened.ok || seals === undefined) return opened;
  const same = seals.check(location, opened.value.identity);
  if (same.ok) return opened;
  await opened.value.close();
  return same;
}

function cannotWriteTo(location: string) {
  return err('read-only', `'${location}' is a remote source and can only be read`);
}
