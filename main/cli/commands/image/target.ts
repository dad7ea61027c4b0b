import fs from 'node:fs';
import { systemClock } from '../../../../shared/clock.ts';
import { DONE, err, ok, type Err, type Result } from '../../../../shared/result.ts';
import type { BlockDevice } from '../../../block/device.ts';
import type { BlockFile } from '../../../block/file.ts';
import { NodeFile } from '../../../block/node-file.ts';
import { RawDevice } from '../../../block/raw.ts';
import { ZEROES } from '../../../block/zeroes.ts';
import { checkCreateOptions, createQed, type CreateOptions } from '../../../qed/create.ts';
import { QedDevice } from '../../../qed/device.ts';
import { QedImage } from '../../../qed/image.ts';
import { LockedFile, withLock } from '../../../storage/lock/locked-file.ts';
import type { ImageFormat } from '../../../storage/chain/location.ts';
import { lockImage } from '../../../storage/lock/image-lock.ts';
import { sizeOption, stringOption, switchOption, type ImageOptions } from './image-options.ts';
import { isDirectory } from './open-image.ts';
import { UnsyncedFile } from './unsynced-file.ts';

/** Where a new image gets its content from, when it is an overlay. */
export interface NewImage {
  readonly path: string;
  readonly format: ImageFormat;
  readonly lengthBytes: number;
  readonly options: ImageOptions;
  readonly backing?: { readonly name: string; readonly raw: boolean } | undefined;
  /** False for `-t unsafe`: nothing waits for the disk. */
  readonly durable: boolean;
}

/**
 * Creates an image and leaves it open and locked. An existing file is emptied, but not before it is clear
 * that the new image can be, and its lock is held.
 * Failures read as `qemu-img create` prints them after the file's name.
 */
export async function createImage(image: NewImage): Promise<Result<BlockDevice>> {
  const mode = stringOption(image.options, 'preallocation') ?? 'off';
  if (!['off', 'falloc', 'full'].includes(mode))
    return err('invalid-argument', `invalid parameter value: ${mode}`);
  const possible = image.format === 'qed' ? checkCreateOptions(qedOptions(image)) : DONE;
  if (!possible.ok) return possible;
  const locked = createFile(image.path);
  if (!locked.ok) return locked;
  const file = image.durable ? locked.value : new UnsyncedFile(locked.value);
  const created =
    image.format === 'raw' ? await createRaw(file, image, mode !== 'off') : await createQedIn(file, image);
  if (!created.ok) await file.close();
  return created;
}

/** Opens a file that exists, or creates it, and takes its lock. */
function createFile(path: string): Result<BlockFile> {
  if (isDirectory(path)) return err('invalid-argument', `Could not create '${path}': Is a directory`);
  const isNew = !fs.existsSync(path);
  const early = isNew ? null : lockImage(path);
  if (early?.ok === false) return early;
  const file = NodeFile.create(path, { exclusive: isNew });
  if (!file.ok) {
    early?.value();
    return asCreating(file);
  }
  if (early !== null) return ok(new LockedFile(file.value, early.value));
  const locked = withLock(file.value, path);
  if (!locked.ok) fs.rmSync(path, { force: true });
  return locked;
}

function asCreating(failed: Err): Err {
  const message = failed.failure.message.replace(/^Could not open/, 'Could not create');
  return { ok: false, failure: { ...failed.failure, message } };
}

async function createRaw(
  file: BlockFile,
  image: NewImage,
  preallocate: boolean,
): Promise<Result<BlockDevice>> {
  const sized = await resizeRaw(file, image.lengthBytes);
  if (!sized.ok) return sized;
  const filled = preallocate ? await fill(file, 0, image.lengthBytes) : DONE;
  return filled.ok ? RawDevice.open(file) : filled;
}

/** Sets the length of a raw image's file; failures are worded as QEMU does. */
export async function resizeRaw(file: BlockFile, lengthBytes: number): Promise<Result<void>> {
  const tooLarge = err('no-space', "The image size is too large for file format 'raw'", { errno: 'EFBIG' });
  if (!Number.isSafeInteger(lengthBytes)) return tooLarge;
  const sized = await file.setLength(lengthBytes);
  return sized.ok || sized.failure.errno !== 'EFBIG' ? sized : tooLarge;
}

/** Writes zeroes, so that the space is taken: Node has no `fallocate`. */
export async function fill(file: Pick<BlockFile, 'write'>, from: number, to: number): Promise<Result<void>> {
  for (let offset = from; offset < to; offset += ZEROES.length) {
    const written = await file.write(offset, ZEROES.subarray(0, Math.min(ZEROES.length, to - offset)));
    if (!written.ok) return written;
  }
  return DONE;
}

async function createQedIn(file: BlockFile, image: NewImage): Promise<Result<BlockDevice>> {
  const created = await createQed(file, qedOptions(image));
  if (!created.ok) return created;
  const opened = await QedImage.open(file, { clock: systemClock });
  return opened.ok ? ok(new QedDevice(opened.value, null)) : opened;
}

function qedOptions({ lengthBytes, options, backing }: NewImage): CreateOptions {
  const clusterBytes = sizeOption(options, 'cluster_size');
  const tableClusters = sizeOption(options, 'table_size');
  return {
    imageBytes: lengthBytes,
    ...(clusterBytes !== undefined && { clusterBytes }),
    ...(tableClusters !== undefined && { tableClusters }),
    ...(backing !== undefined && { backing }),
    copyOnRead: switchOption(options, 'copy_on_read'),
    stream: switchOption(options, 'stream'),
  };
}
