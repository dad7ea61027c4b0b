/** Images as files, for tests of what opens them by name. */
import fs from 'node:fs';
import { alignUp, SECTOR_BYTES } from '../../shared/units.ts';
import type { CreateOptions } from '../../main/qed/create.ts';
import { createdFile } from './qed-disk.ts';

/** Writes bytes that differ from sector to sector and from tag to tag. */
export function writeRaw(file: string, lengthBytes: number, tag = 1): Uint8Array {
  const content = new Uint8Array(alignUp(lengthBytes, SECTOR_BYTES));
  const words = new Uint32Array(content.buffer);
  for (let i = 0; i < words.length; i++) words[i] = Math.imul(tag, 0x9e3779b1) + i;
  const cut = content.subarray(0, lengthBytes);
  fs.writeFileSync(file, cut);
  return cut;
}

/** Writes an empty QED image. Not synced, as a new file of many in a test need not be. */
export async function writeQed(file: string, options: CreateOptions): Promise<void> {
  const { content } = await createdFile(options);
  const bytes = new Uint8Array(content.length);
  content.read(0, bytes);
  fs.writeFileSync(file, bytes);
}
