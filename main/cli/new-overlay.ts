import fs from 'node:fs';
import path from 'node:path';
import { type Result } from '../../shared/result.ts';
import { failureFromSystem } from '../block/errno.ts';
import { NodeFile } from '../block/node-file.ts';
import { createQed } from '../qed/create.ts';
import { backingReferenceFor, type ImageChain } from '../storage/chain/image-chain.ts';

/**
 * Creates an overlay over a raw master, which copies what is read and streams by itself. Never replaces a file.
 * @param imageBytes the master's size
 */
export async function createOverlay(
  overlay: ImageChain & { backing: ImageChain },
  imageBytes: number,
): Promise<Result<void>> {
  try {
    fs.mkdirSync(path.dirname(overlay.location), { recursive: true });
  } catch (error) {
    return failureFromSystem(error, `Could not create the folder of '${overlay.location}'`);
  }
  const file = NodeFile.create(overlay.location, { exclusive: true });
  if (!file.ok) return file;
  const backing = backingReferenceFor(overlay, overlay.backing);
  const created = await createQed(file.value, { imageBytes, backing, copyOnRead: true, stream: true });
  const closed = await file.value.close();
  return created.ok ? closed : created;
}
