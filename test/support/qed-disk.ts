import { unwrap } from '../../shared/result.ts';
import type { BlockDevice } from '../../main/block/device.ts';
import { createQed, type CreateOptions } from '../../main/qed/create.ts';
import { QedDevice } from '../../main/qed/device.ts';
import { QedImage, type QedImageOptions } from '../../main/qed/image.ts';
import { MemoryFile, type MemoryFileOptions } from './memory-file.ts';
import { SimulatedClock } from './simulated-clock.ts';

/** A new image in memory, closed again. */
export async function createdFile(options: CreateOptions, path = 'memory.qed'): Promise<MemoryFile> {
  const file = new MemoryFile(undefined, { path });
  unwrap(await createQed(file, options));
  return file;
}

/** Opens an image in memory under a clock that stands still unless it is told otherwise. */
export async function openQed(
  file: MemoryFile,
  backing: BlockDevice | null = null,
  options: Partial<QedImageOptions> = {},
): Promise<QedDevice> {
  const image = unwrap(await QedImage.open(file, { clock: new SimulatedClock(), ...options }));
  return new QedDevice(image, backing);
}

/** A new image in memory, open. */
export async function newQed(
  options: CreateOptions,
  backing: BlockDevice | null = null,
  fileOptions: MemoryFileOptions = {},
  imageOptions: Partial<QedImageOptions> = {},
): Promise<{ file: MemoryFile; device: QedDevice }> {
  const created = await createdFile(options, fileOptions.path);
  const file = created.reopened(fileOptions);
  return { file, device: await openQed(file, backing, imageOptions) };
}

export async function readAll(device: BlockDevice, offset = 0, length = device.lengthBytes - offset) {
  const bytes = new Uint8Array(length);
  unwrap(await device.read(offset, bytes));
  return bytes;
}

/** Bytes that tell where they are: 32-bit words of `tag` and the number of the word. */
export function pattern(length: number, tag: number): Uint8Array {
  const words = new Uint32Array(Math.ceil(length / 4));
  for (let i = 0; i < words.length; i++) words[i] = (tag << 24) | (i & 0xff_ffff);
  return new Uint8Array(words.buffer, 0, length);
}
