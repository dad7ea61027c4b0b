import { err, ok, type Result } from '../../../shared/result.ts';
import { FileFilter } from '../../block/file-filter.ts';
import type { BlockFile } from '../../block/file.ts';
import { NodeFile } from '../../block/node-file.ts';
import { lockImage } from './image-lock.ts';

/**
 * Opens an image for writing and takes its lock. Fails as {@link NodeFile.open} and {@link lockImage} do, and with `busy` where
 * another file was put in its place between the two: the lock would be that one's.
 */
export function openLocked(path: string): Result<BlockFile> {
  const file = NodeFile.open(path, { readOnly: false });
  return file.ok ? withLock(file.value, path) : file;
}

/** Takes the lock of a file that is open; closes it where that fails. */
export function withLock(file: NodeFile, path: string): Result<BlockFile> {
  const lock = lockImage(path);
  if (lock.ok && file.isNamed(path)) return ok(new LockedFile(file, lock.value));
  void file.close();
  if (!lock.ok) return lock;
  lock.value();
  return err('busy', `'${path}' was replaced while it was being opened; try again`);
}

/** A file that gives its lock back when it is closed. */
export class LockedFile extends FileFilter {
  readonly #unlock: () => void;

  constructor(file: BlockFile, unlock: () => void) {
    super(file);
    this.#unlock = unlock;
  }

  override async close(): Promise<Result<void>> {
    const closed = await super.close();
    this.#unlock();
    return closed;
  }
}
