import { createHash, randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { DONE, err, ok, type Err, type Result } from '../../../shared/result.ts';
import { failureFromSystem } from '../../../shared/errno.ts';
import { DAMAGED, readLock, tokenOf, type FoundLock, type LockContent } from './lock-content.ts';
import { isThisProcess, stateOf, thisHolder } from './lock-holder.ts';

type Acquired =
  | { readonly release: () => void }
  | { readonly release: null; readonly holder: LockContent | null }
  | { readonly release: null; readonly unreadable: Err };

/** Longer names leave no room for what a lock's name adds, in the 255 bytes that file systems allow. */
const LONGEST_NAME_BYTES = 180;
const ATTEMPTS = 5;
/** Of which more in one folder are refused: looking through them would not end. */
const MOST_LOCKS = 1000;

/**
 * Takes the right to write an image: a small file beside it that names this process. A lock whose process is gone
 * (kill -9, power cut) is taken over. Fails with `busy` while another process, or another part of this one, has it, also
 * by a name that the image had before; and where the holder is in another container or on another computer, so that
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
    const stat = fs.statSync(imagePath, { bigint: true, throwIfNoEntry: false });
    const names = Number(stat?.nlink ?? 1);
    if (names > 1 && otherNames === 'refused') return hasManyNames(imagePath, names);
    const inode = stat?.ino.toString() ?? null;
    const lockPath = lockPathOf(imagePath);
    const acquired = acquire(lockPath, inode);
    if (acquired.release === null) {
      if ('unreadable' in acquired) return acquired.unreadable;
      return heldBy(imagePath, lockPath, acquired.holder);
    }
    const free = names > 1 ? DONE : freeByOtherNames(imagePath, lockPath, inode);
    if (free.ok) return ok(acquired.release);
    acquired.release();
    return free;
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

/**
 * Gives back what a thread of this process has left of its lock on an image: it crashed, or was terminated. It must
 * have ended, so that nobody writes any more.
 */
export function releaseLockOfThread(imagePath: string, thread: number): void {
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
function freeByOtherNames(imagePath: string, lockPath: string, inode: string | null): Result<void> {
  if (inode === null) return DONE;
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

/** Takes the lock file at `lockPath`, or tells who has it: null when that is changing just now. */
function acquire(lockPath: string, inode: string | null): Acquired {
  const token = randomBytes(8).toString('hex');
  const content: LockContent = { token, ...thisHolder(), inode };
  const draft = `${lockPath}.${token}`;
  const release = () => unlock(lockPath, token);
  try {
    fs.writeFileSync(draft, JSON.stringify(content), { flag: 'wx' });
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      if (tryLink(draft, lockPath)) return { release };
      const found = readLock(lockPath);
      if (!found.ok) return { release: null, unreadable: found };
      const holder = found.value;
      if (holder === 'gone') continue;
      if (holder !== DAMAGED && stateOf(holder) !== 'gone') return { release: null, holder };
      if (takeOver(lockPath, holder, draft)) return { release };
    }
    return { release: null, holder: null };
  } finally {
    fs.rmSync(draft, { force: true });
  }
}

/**
 * Replaces a stale lock by `draft`. Whoever wants to must hold a lock on just this stale lock, so that nobody replaces
 * what somebody else has put there meanwhile; a stale one of those is taken over in the same way.
 */
function takeOver(lockPath: string, stale: Exclude<FoundLock, 'gone'>, draft: string): boolean {
  const right = acquire(`${lockPath}.${tokenOf(stale)}`, null);
  if (right.release === null) return false;
  try {
    if (!hasToken(lockPath, tokenOf(stale))) return false;
    fs.renameSync(draft, lockPath);
    removeLeftovers(lockPath);
    return true;
  } finally {
    right.release();
  }
}

/** Removes what killed processes left of their attempts. Only the holder of the lock may. */
function removeLeftovers(lockPath: string): void {
  const folder = path.dirname(lockPath);
  for (const name of fs.readdirSync(folder)) {
    if (!name.startsWith(`${path.basename(lockPath)}.`)) continue;
    const file = path.join(folder, name);
    const found = readLock(file);
    if (!found.ok || found.value === 'gone' || found.value === DAMAGED) continue;
    if (stateOf(found.value) === 'gone') fs.rmSync(file, { force: true });
  }
}

/** A hard link appears whole or not at all, so that no other program ever reads half a lock. */
function tryLink(draft: string, lockPath: string): boolean {
  try {
    fs.linkSync(draft, lockPath);
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  }
}

function hasToken(lockPath: string, token: string): boolean {
  const found = readLock(lockPath);
  return found.ok && found.value !== 'gone' && tokenOf(found.value) === token;
}

function unlock(lockPath: string, token: string): void {
  try {
    if (hasToken(lockPath, token)) fs.rmSync(lockPath);
  } catch {
    // A lock that cannot be removed is stale as soon as this process has ended.
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
