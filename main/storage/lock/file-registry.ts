import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { DAMAGED, readLock, type LockContent } from './lock-content.ts';
import { acquire, unlock } from './lock-file.ts';
import { isThisProcess, stateOf } from './lock-holder.ts';

/** A file of this computer, whatever it is called. */
export interface LockableFile {
  readonly device: string;
  readonly inode: string;
}

type Registered =
  | { readonly release: () => void }
  | { readonly release: null; readonly lockPath: string; readonly holder: LockContent | null };

const NAME = 'headwater-locks';

const UNREGISTERED: Registered = { release: () => {} };

/**
 * Takes a file by its number, in a folder that all programs of this user share: a lock beside an image is not seen from
 * another folder, to which the image was moved while it was open. Where there is no such folder nothing is taken, and who
 * is in another container or on another computer is none of its business: those are for the lock beside the image.
 */
export function registerFile({ device, inode }: LockableFile): Registered {
  const folder = registryFolder();
  if (folder === null) return UNREGISTERED;
  const lockPath = path.join(folder, `${device}-${inode}.lock`);
  try {
    const acquired = acquire(lockPath, inode);
    if (acquired.release !== null) return acquired;
    if ('unreadable' in acquired) return UNREGISTERED;
    const { holder } = acquired;
    if (holder !== null && stateOf(holder) === 'elsewhere') return UNREGISTERED;
    return { release: null, lockPath, holder };
  } catch {
    // A full or read-only folder: the lock beside the image is had all the same.
    return UNREGISTERED;
  }
}

/** Gives back all that a thread of this process had. It must have ended. */
export function unregisterThread(thread: number): void {
  const folder = registryFolder();
  if (folder === null) return;
  for (const name of fs.readdirSync(folder)) {
    const lockPath = path.join(folder, name);
    const found = readLock(lockPath);
    if (!found.ok || found.value === 'gone' || found.value === DAMAGED) continue;
    if (isThisProcess(found.value) && found.value.thread === thread) unlock(lockPath, found.value.token);
  }
}

/**
 * Where the system has a place for what runs, which is emptied when it starts, or in `/tmp`. Not by the environment: a
 * program of a timer or of another login must find the same. Null where it is not ours alone.
 */
function registryFolder(): string | null {
  const user = process.getuid?.();
  const folder = user === undefined ? path.join(os.tmpdir(), NAME) : folderOfUser(user);
  try {
    fs.mkdirSync(folder, { mode: 0o700 });
  } catch {
    // It is there already, or cannot be made: what it is is looked at now.
  }
  return isOurs(folder, user) ? folder : null;
}

function folderOfUser(user: number): string {
  const runtime = `/run/user/${user}`;
  return isOurs(runtime, user) ? path.join(runtime, NAME) : path.join('/tmp', `${NAME}-${user}`);
}

/** What others may write to they can fill with locks of theirs; a link may lead anywhere. */
function isOurs(folder: string, user: number | undefined): boolean {
  const stat = fs.lstatSync(folder, { throwIfNoEntry: false });
  if (stat?.isDirectory() !== true) return false;
  return user === undefined || (stat.uid === user && (stat.mode & 0o077) === 0);
}
