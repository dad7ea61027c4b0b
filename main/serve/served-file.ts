import { type FileHandle, constants, open, realpath } from 'node:fs/promises';
import { basename, join, sep } from 'node:path';

/** What is served: everything below a folder, or one file under its own name. Paths are real paths. */
export interface ServedRoot {
  readonly path: string;
  readonly isFile: boolean;
}

/** An open file and what its answers carry. The caller closes the handle. */
export interface ServedFile {
  readonly handle: FileHandle;
  readonly lengthBytes: number;
  /** Strong entity tag: length, time of change and file number, so that a file replaced or written to gets another. */
  readonly etag: string;
  readonly lastModified: string;
}

/** Opens what a request's path names; null when there is no such file or it lies outside of the root. */
export async function openServedFile(root: ServedRoot, requestPath: string): Promise<ServedFile | null> {
  let handle: FileHandle | null = null;
  try {
    const name = decodeURIComponent(requestPath.replace(/[?#].*$/s, ''));
    if (!name.startsWith('/') || name.includes('\0')) return null;
    if (root.isFile && name !== `/${basename(root.path)}`) return null;
    // The real path decides, so that neither dots nor symbolic links lead out.
    const path = root.isFile ? root.path : await realpath(join(root.path, name));
    if (!root.isFile && !path.startsWith(root.path.endsWith(sep) ? root.path : root.path + sep)) return null;
    // A pipe among the files must not hold us up: it is no regular file, but opening it would wait for its writer.
    handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stat = await handle.stat({ bigint: true });
    if (stat.isFile()) {
      const etag = `"${stat.size.toString(16)}-${stat.mtimeNs.toString(16)}-${stat.ino.toString(16)}"`;
      const served = { handle, lengthBytes: Number(stat.size), etag, lastModified: stat.mtime.toUTCString() };
      handle = null;
      return served;
    }
    return null;
  } catch {
    return null;
  } finally {
    await handle?.close();
  }
}
