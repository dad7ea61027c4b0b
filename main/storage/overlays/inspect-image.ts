import fs from 'node:fs';
import { err, ok, type Result } from '../../../shared/result.ts';
import { failureFromSystem } from '../../../shared/errno.ts';
import { NodeFile } from '../../block/node-file.ts';
import { readHeader, hasBackingFile } from '../../qed/header.ts';
import type { ImageFormat } from '../chain/location.ts';

/** What is to know of a local image before it becomes a master. */
export interface ImageFacts {
  /** Guest size. */
  readonly lengthBytes: number;
  /** When the file last changed, as an ISO date: by it a changed master is recognised. */
  readonly lastModified: string;
}

/**
 * Looks at an image that overlays are to lie on. A QED image that has a backing file of its own is refused: the app
 * opens no file because an image names it.
 */
export async function inspectImage(path: string, format: ImageFormat): Promise<Result<ImageFacts>> {
  const file = NodeFile.open(path, { readOnly: true });
  if (!file.ok) return file;
  try {
    const stat = fs.statSync(path);
    const lastModified = stat.mtime.toISOString();
    if (format === 'raw') return ok({ lengthBytes: stat.size, lastModified });
    const found = await readHeader(file.value);
    if (!found.ok) return found;
    if (hasBackingFile(found.value.header)) {
      return err(
        'unsupported',
        `'${path}' is an overlay and needs its backing file; convert it to a complete image first`,
        { words: ['needs-backing-file', path] },
      );
    }
    return ok({ lengthBytes: found.value.header.imageBytes, lastModified });
  } catch (error) {
    return failureFromSystem(error, `Could not look at '${path}'`);
  } finally {
    await file.value.close();
  }
}
