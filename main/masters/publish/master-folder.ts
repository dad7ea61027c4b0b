import path from 'node:path';
import { MASTER_FILES } from '../../../shared/master-files.ts';
import { masterDescriptionSchema, type MasterDescription } from '../../../shared/master.ts';
import type { Result } from '../../../shared/result.ts';
import { writeWhole } from '../../block/whole-file.ts';

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
  return writeWhole(path.join(folder, MASTER_FILES.description), text);
}
