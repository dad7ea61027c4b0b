import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { DONE, err, ok, type Err, type Result } from '../../../shared/result.ts';
import { failureFromSystem } from '../../../shared/errno.ts';
import { registerFile, unregisterThread, type LockableFile } from './file-registry.ts';
import { DAMAGED, readLock, type LockContent } from './lock-content.ts';
import { acquire, unlock } from './lock-file.ts';
import { isThisProcess, stateOf } from './lock-holder.ts';

/** Longer names leave no room for what a lock's name adds, in the 255 bytes that file systems allow. */
const LONGEST_NAME_BYTES = 180;
/** Of which more in one folder are refused: looking through them would not end. */
const MOST_LOCKS = 1000;

/**
 * Takes the right to write an image: a small file beside it that names this process. A lock whose process is gone
 * (kill -9, power cut) is taken over. Fails with `busy` while another process, or another part of this one, has it, also
 * by another name that the file has or had; and where the holder is in another container or on another computer, so that
 * nobody can tell whether it is gone. Node offers no `fcntl` locks, so QEMU's own locks are not seen; see ADR 4.
 *
 * @param otherNames `allowed` for who only moves or removes this name of the file, and does not write to it
 * @returns the function that gives the right back
 */
export function lockImage(
  imagePath: string,
  otherNames: 'refused' | 'allowed' = 'refused',
): Result<() => void> {
  try {
    const file = fileAt(imagePath);
    const names = file?.names ?? 1;
    if (names > 1 && otherNames === 'refused') return hasManyNames(imagePath, names);
    const lockPath = lockPathOf(imagePath);
    const acquired = acquire(lockPath, file?.inode ?? null);
    if (acquired.release === null) {
      if ('unreadable' in acquired) return acquired.unreadable;
      return heldBy(imagePath, lockPath, acquired.holder);
    }
    const registered = names > 1 || file === null ? ok(() => {}) : lockFile(imagePath, lockPath, file);
    if (!registered.ok) {
      acquired.release();
      return registered;
    }
    // Who only removes the file lets its number go before another one gets it.
    if (otherNames === 'allowed') registered.value();
    return ok(() => {
      registered.value();
      acquired.release();
    });
  } catch (error) {
    const failed = failureFromSystem(error, `Could not lock '${imagePath}' for writing`);
    if (failed.failure.code !== 'permission-denied') return failed;
    const { message } = failed.failure;
    return err(
      failed.failure.code,
      `${message}; the lock is a file beside the image, whose folder must be writable`,
      {
        errno: failed.failure.errno,
      },
    );
  }
}

/** Whoever has the file has it under all its names: those that it had in this folder, and those in others. */
function lockFile(imagePath: string, lockPath: string, file: LockableFile): Result<() => void> {
  const free = freeByOtherNames(imagePath, lockPath, file.inode);
  if (!free.ok) return free;
  const registered = registerFile(file);
  if (registered.release === null) return heldBy(imagePath, registered.lockPath, registered.holder);
  // Between the look at the file and the lock another one may have been put in its place.
  const now = fileAt(imagePath);
  if (now?.inode === file.inode && now.device === file.device) return ok(registered.release);
  registered.release();
  return err('busy', `'${imagePath}' was replaced while it was being opened; try again`);
}

function fileAt(imagePath: string): (LockableFile & { readonly names: number }) | null {
  const stat = fs.statSync(imagePath, { bigint: true, throwIfNoEntry: false });
  if (stat === undefined) return null;
  return { device: stat.dev.toString(), inode: stat.ino.toString(), names: Number(stat.nlink) };
}

/**
 * Gives back what a thread of this process has left of its lock on an image: it crashed, or was terminated. It must
 * have ended, so that nobody writes any more.
 */
export function releaseLockOfThread(imagePath: string, thread: number): void {
  unregisterThread(thread);
  const lockPath = lockPathOf(imagePath);
  const found = readLock(lockPath);
  if (!found.ok || found.value === 'gone' || found.value === DAMAGED) return;
  const lock = found.value;
  if (isThisProcess(lock) && lock.thread === thread) unlock(lockPath, lock.token);
}

function lockPathOf(imagePath: string): string {
  const real = fs.existsSync(imagePath) ? fs.realpathSync(imagePath) : path.resolve(imagePath);
  const name = path.basename(real);
  return path.join(
    path.dirname(real),
    `.${Buffer.byteLength(name) <= LONGEST_NAME_BYTES ? name : digestOf(name)}.lock`,
  );
}

/** Another name could lie in any folder, with another lock beside it. */
function hasManyNames(imagePath: string, names: number) {
  return err(
    'busy',
    `'${imagePath}' is one of ${names} names (hard links) of its file, which a lock beside one of them does not ` +
      `protect; remove the others, or write to a copy`,
  );
}

function digestOf(name: string): string {
  return createHash('sha256').update(name).digest('hex').slice(0, 32);
}

/**
 * Looks for somebody who has the image under a name that it had before. Whoever locks two names of one file at the
 * same moment is refused twice rather than never: each has its own lock when it looks.
 */
function freeByOtherNames(imagePath: string, lockPath: string, inode: string): Result<void> {
  const folder = fs.opendirSync(path.dirname(lockPath));
  try {
    let count = 0;
    for (let entry = folder.readSync(); entry !== null; entry = folder.readSync()) {
      const { name } = entry;
      if (!name.startsWith('.') || !name.endsWith('.lock') || name === path.basename(lockPath)) continue;
      if (++count > MOST_LOCKS) return tooManyLocks(folder.path);
      const other = path.join(folder.path, name);
      const found = readLock(other);
      // Other programs name their locks like this too: what is none of ours says nothing.
      if (!found.ok || found.value === 'gone' || found.value === DAMAGED) continue;
      // Of one folder, so of one file system, whose number may be another one on each computer.
      if (found.value.inode !== inode || stateOf(found.value) === 'gone') continue;
      return heldBy(imagePath, other, found.value);
    }
    return DONE;
  } finally {
    folder.closeSync();
  }
}

function tooManyLocks(folder: string) {
  return err(
    'busy',
    `'${folder}' has more than ${MOST_LOCKS} lock files ('.*.lock'), too many to look through; remove those whose ` +
      `programs have ended`,
  );
}

function heldBy(imagePath: string, lockPath: string, holder: LockContent | null): Err {
  if (holder === null) {
    return err('busy', `'${imagePath}' is being opened by several programs at once; try again`);
  }
  if (stateOf(holder) === 'elsewhere') return heldElsewhere(imagePath, lockPath, holder);
  const who = isThisProcess(holder) ? 'this program' : `process ${holder.pid}`;
  return err('busy', `'${imagePath}' is already open for writing in ${who}; close it there first`, {
    words: ['image-locked', imagePath],
  });
}

function heldElsewhere(imagePath: string, lockPath: string, { pid, place }: LockContent): Err {
  const host = place ? ` '${place.hostName}'` : '';
  return err(
    'busy',
    `'${imagePath}' is locked by process ${pid} of another container or computer${host}, and only there can be seen ` +
      `whether it still runs; close it there first, or, if it has ended, remove '${lockPath}'`,
    { words: ['image-locked-elsewhere', imagePath, lockPath] },
  );
}
