import fs from 'node:fs';
import { systemClock } from '../../../shared/clock.ts';
import { unwrap } from '../../../shared/result.ts';
import { NodeFile } from '../../../main/block/node-file.ts';
import { createQed } from '../../../main/qed/create.ts';
import { QedDevice } from '../../../main/qed/device.ts';
import type { ImageChain } from '../../../main/storage/chain/image-chain.ts';
import { openChain } from '../../../main/storage/chain/open.ts';

/** A new overlay with default sizes over a raw source: a path or an address. Both sides get one made alike. */
export async function createOverlay(file: string, source: string, imageBytes: number): Promise<void> {
  await create(file, { imageBytes, backing: { name: source, raw: true } });
}

/** A new image that stands alone. */
export async function createImage(file: string, imageBytes: number): Promise<void> {
  await create(file, { imageBytes });
}

async function create(path: string, options: Parameters<typeof createQed>[1]): Promise<void> {
  const file = unwrap(NodeFile.create(path));
  unwrap(await createQed(file, options));
  unwrap(await file.close());
}

/** Makes the first `length` bytes of an overlay local; with all of them it stands alone afterwards. */
export async function makeLocal(file: string, source: string, length: number): Promise<void> {
  const device = unwrap(await openChain(overlayChain(file, source), { clock: systemClock, readOnly: false }));
  if (!(device instanceof QedDevice)) throw new Error(`'${file}' is not a QED image`);
  unwrap(await device.populate([{ offset: 0, length }]));
  if (length >= device.lengthBytes) unwrap(await device.dropBacking());
  unwrap(await device.close());
  syncFile(file);
}

export function overlayChain(file: string, source: string): ImageChain {
  return { location: file, format: 'qed', backing: { location: source, format: 'raw', backing: null } };
}

export function imageChain(file: string): ImageChain {
  return { location: file, format: 'qed', backing: null };
}

/** Copies an image with its holes left out where the file system can share blocks, and puts it on the disk. */
export function copyImage(from: string, to: string): void {
  fs.copyFileSync(from, to, fs.constants.COPYFILE_FICLONE);
  syncFile(to);
}

function syncFile(file: string): void {
  const fd = fs.openSync(file, 'r+');
  fs.fsyncSync(fd);
  fs.closeSync(fd);
}
