import fs from 'node:fs';
import path from 'node:path';
import type { Result } from '../../../shared/result.ts';
import { failureFromSystem } from '../../../shared/errno.ts';
import { NodeFile } from '../../block/node-file.ts';
import { syncFolder } from '../../block/whole-file.ts';
import type { ContentStamp } from '../../qed/content-stamp.ts';
import { createQed } from '../../qed/create.ts';
import { backingReferenceFor, type ImageChain } from '../chain/image-chain.ts';

/** `streaming`: copies what is read and streams by itself. `thin`: keeps only what the guest writes. */
export type OverlayUse = 'streaming' | 'thin';

export interface OverlayOptions {
  /** Default: `streaming`. */
  readonly use?: OverlayUse;
  /** The name of what lies behind it, where that has one (`main/qed/content-stamp.ts`). */
  readonly contentStamp?: ContentStamp | null;
}

/**
 * Creates an overlay, durably, with its folder where that is missing. Never replaces a file.
 * @param imageBytes the size of the disk behind it
 */
export async function createOverlay(
  overlay: ImageChain & { backing: ImageChain },
  imageBytes: number,
  { use = 'streaming', contentStamp = null }: OverlayOptions = {},
): Promise<Result<void>> {
  const folder = path.dirname(overlay.location);
  try {
    fs.mkdirSync(folder, { recursive: true });
  } catch (error) {
    return failureFromSystem(error, `Could not create the folder of '${overlay.location}'`);
  }
  const file = NodeFile.create(overlay.location, { exclusive: true });
  if (!file.ok) return file;
  const backing = backingReferenceFor(overlay, overlay.backing);
  const streams = use === 'streaming';
  const created = await createQed(file.value, {
    imageBytes,
    backing,
    copyOnRead: streams,
    stream: streams,
    ...(contentStamp !== null && { contentStamp }),
  });
  const closed = await file.value.close();
  const done = created.ok ? closed : created;
  if (done.ok) return syncFolder(folder);
  // Half an image would be taken for a damaged one next time.
  fs.rmSync(overlay.location, { force: true });
  return done;
}
