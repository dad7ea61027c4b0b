import fs from 'node:fs';
import path from 'node:path';
import { MASTER_FILES } from '../../../shared/master-files.ts';
import { masterDescriptionSchema, type MasterDescription } from '../../../shared/master.ts';
import type { Result } from '../../../shared/result.ts';
import { failureFromSystem } from '../../block/errno.ts';
import { syncFolder } from '../../storage/overlays/create-overlay.ts';

/** Where a publisher's masters lie below the folder that is served, each named by the hash of its disk. */
export function folderOfMaster(out: string, sha256: string): string {
  return path.join(out, 'masters', sha256);
}

/** Writes the description, the same bytes for the same content; durably, and whole or not at all. */
export async function writeDescription(
  folder: string,
  description: MasterDescription,
): Promise<Result<void>> {
  // The schema puts the fields into its own order.
  const text = `${JSON.stringify(masterDescriptionSchema.parse(description), null, 2)}\n`;
  return replaceFile(path.join(folder, MASTER_FILES.description), text);
}

/** Puts content into a file, durably, and so that readers find either the old or the new. */
export async function replaceFile(file: string, content: string | Uint8Array): Promise<Result<void>> {
  const draft = `${file}.part`;
  try {
    const handle = await fs.promises.open(draft, 'w');
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await fs.promises.rename(draft, file);
  } catch (error) {
    return failureFromSystem(error, `Could not write '${file}'`);
  }
  return syncFolder(path.dirname(file));
}
