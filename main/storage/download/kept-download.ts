import fs from 'node:fs';
import path from 'node:path';
import { because, DONE, type Result } from '../../../shared/result.ts';
import { failureFromSystem } from '../../../shared/errno.ts';
import { NodeFile } from '../../block/node-file.ts';
import { lockImage } from '../lock/image-lock.ts';

/** Name of what is here of a file that is being downloaded. */
export function partOf(file: string): string {
  return `${file}.part`;
}

/**
 * Lets `fill` work on what is here of a download, from whatever attempt; the file stays, however this ends. One at a time:
 * fails with `busy` while somebody else is at it.
 * @param what is fetched, for messages: `The image`
 */
export async function keptDownload(
  file: string,
  what: string,
  fill: (part: NodeFile) => Promise<Result<void>>,
): Promise<Result<void>> {
  const made = makeFolder(path.dirname(file));
  if (!made.ok) return made;
  const part = openPart(partOf(file));
  if (!part.ok) return part;
  const lock = lockImage(partOf(file), 'allowed');
  if (!lock.ok) {
    await part.value.close();
    return because(`${what} is being fetched already`, lock);
  }
  try {
    const filled = await fill(part.value);
    const closed = await part.value.close();
    return filled.ok ? closed : filled;
  } finally {
    lock.value();
  }
}

function makeFolder(folder: string): Result<void> {
  try {
    fs.mkdirSync(folder, { recursive: true });
    return DONE;
  } catch (error) {
    return failureFromSystem(error, `Could not create '${folder}'`);
  }
}

function openPart(file: string): Result<NodeFile> {
  const made = NodeFile.create(file, { exclusive: true });
  return made.ok || made.failure.code !== 'already-exists' ? made : NodeFile.open(file, { readOnly: false });
}
