import fs from 'node:fs';
import { err, ok, type Result } from '../../../shared/result.ts';
import { failureFromSystem } from '../../../shared/errno.ts';
import { tooLong, type DocumentWish, type FetchedDocument } from './document.ts';

/** A file's tag is what changes when it is replaced or written to. */
export async function readLocalDocument(
  file: string,
  { mostBytes, etag }: DocumentWish,
): Promise<Result<FetchedDocument>> {
  try {
    // A pipe must not hold us up: it is no regular file, but opening it would wait for its writer.
    const handle = await fs.promises.open(file, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
    try {
      const stat = await handle.stat({ bigint: true });
      if (!stat.isFile()) return err('invalid-argument', `'${file}' is not a regular file`);
      const present = `"${stat.size}-${stat.mtimeNs}-${stat.ino}"`;
      if (present === etag) return ok({ kind: 'unchanged' });
      if (stat.size > mostBytes) return tooLong(file, mostBytes);
      const bytes = Buffer.alloc(Number(stat.size) + 1);
      const { bytesRead } = await handle.read(bytes, 0, bytes.length, 0);
      // Somebody writes to it: what there is now may be half of it. The next look has another tag.
      if (bytesRead !== Number(stat.size)) return err('io', `'${file}' changed while it was read`);
      return ok({ kind: 'whole', bytes: bytes.subarray(0, bytesRead), etag: present });
    } finally {
      await handle.close();
    }
  } catch (error) {
    return failureFromSystem(error, `Could not read '${file}'`);
  }
}
