import { createHash, randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { threadId } from 'node:worker_threads';
import { err, ok, type Result } from '../../shared/result.ts';
import { failureFromSystem } from '../block/errno.ts';

/** What a lock file says. */
interface LockContent {
  readonly token: string;
  readonly pid: number;
  /** When the process started, where the system tells: guards against a process number that was given out again. */
  readonly startedAt: string | null;
  /** Of that process: threads can end without it. */
  readonly thread?: number | undefined;
}

type Acquired =
  { readonly release: () => void } | { readonly release: null; readonly holder: LockContent | null };

const MAX_LOCK_BYTES = 4096;
/** Longer names leave no room for what a lock's name adds, in the 255 bytes that file systems allow. */
const LONGEST_NAME_BYTES = 180;
const ATTEMPTS = 5;
/** Stands for the token of a lock that cannot be read, as a power cut may leave one. */
const DAMAGED = 'damaged';

/**
 * Takes the right to write an image: a small file beside it that names this process. A lock whose process is gone
 * (kill -9, power cut) is taken over. Fails with `busy` while another process, or another part of this one, has it.
 * Node offers no `fcntl` locks, so QEMU's own locks are not seen; see ADR 4.
 *
 * @param otherNames `allowed` for who only moves or removes this name of the file, and does not write to it
 * @returns the function that gives the right back
 */
export function lockImage(
  imagePath: string,
  otherNames: 'refused' | 'allowed' = 'refused',
): Result<() => void> {
  try {
    const names = fs.statSync(imagePath, { throwIfNoEntry: false })?.nlink ?? 1;
    if (names > 1 && otherNames === 'refused') return hasManyNames(imagePath, names);
    const acquired = acquire(lockPathOf(imagePath));
    return acquired.release === null ? heldBy(imagePath, acquired.holder) : ok(acquired.release);
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
  const lock = readLock(lockPath);
  if (lock === 'gone' || lock === DAMAGED) return;
  const ours = lock.pid === process.pid && lock.startedAt === startOfThisProcess();
  if (ours && lock.thread === thread) unlock(lockPath, lock.token);
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

function heldBy(imagePath: string, holder: LockContent | null) {
  if (holder === null) {
    return err('busy', `'${imagePath}' is being opened by several programs at once; try again`);
  }
  const who = holder.pid === process.pid ? 'this program' : `process ${holder.pid}`;
  return err('busy', `'${imagePath}' is already open for writing in ${who}; close it there first`, {
    words: ['image-locked', imagePath],
  });
}

/** Takes the lock file at `lockPath`, or tells who has it: null when that is changing just now. */
function acquire(lockPath: string): Acquired {
  const token = randomBytes(8).toString('hex');
  const content: LockContent = { token, pid: process.pid, startedAt: startOfThisProcess(), thread: threadId };
  const draft = `${lockPath}.${token}`;
  const release = () => unlock(lockPath, token);
  try {
    fs.writeFileSync(draft, JSON.stringify(content), { flag: 'wx' });
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      if (tryLink(draft, lockPath)) return { release };
      const holder = readLock(lockPath);
      if (holder === 'gone') continue;
      if (holder !== DAMAGED && isAlive(holder)) return { release: null, holder };
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
function takeOver(lockPath: string, stale: LockContent | typeof DAMAGED, draft: string): boolean {
  const right = acquire(`${lockPath}.${tokenOf(stale)}`);
  if (right.release === null) return false;
  try {
    const present = readLock(lockPath);
    if (present === 'gone' || tokenOf(present) !== tokenOf(stale)) return false;
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
    const content = readLock(file);
    if (content !== 'gone' && content !== DAMAGED && !isAlive(content)) fs.rmSync(file, { force: true });
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

function readLock(lockPath: string): LockContent | 'gone' | typeof DAMAGED {
  try {
    const text = fs.readFileSync(lockPath, 'utf8').slice(0, MAX_LOCK_BYTES);
    const content: unknown = JSON.parse(text);
    return isLockContent(content) ? content : DAMAGED;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return 'gone';
    // Somebody else's lock, which we may not read, must not be taken for a damaged one.
    if (error instanceof Error && 'syscall' in error) throw error;
    return DAMAGED;
  }
}

/** By hand: loading a schema library would cost every command more time than all else it does at its start. */
function isLockContent(value: unknown): value is LockContent {
  if (typeof value !== 'object' || value === null) return false;
  const { token, pid, startedAt, thread } = value as Record<string, unknown>;
  return (
    typeof token === 'string' &&
    /^[\w-]{1,64}$/.test(token) &&
    Number.isSafeInteger(pid) &&
    (pid as number) > 0 &&
    (startedAt === null || typeof startedAt === 'string') &&
    (thread === undefined || Number.isSafeInteger(thread))
  );
}

function tokenOf(lock: LockContent | typeof DAMAGED): string {
  return lock === DAMAGED ? DAMAGED : lock.token;
}

function unlock(lockPath: string, token: string): void {
  try {
    const present = readLock(lockPath);
    if (present !== 'gone' && tokenOf(present) === token) fs.rmSync(lockPath);
  } catch {
    // A lock that cannot be removed is stale as soon as this process has ended.
  }
}

function isAlive(holder: LockContent): boolean {
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    if (hasCode(error, 'ESRCH')) return false;
  }
  const present = processStatus(holder.pid);
  if (present === null || holder.startedAt === null) return true;
  return !present.ended && present.startedAt === holder.startedAt;
}

function startOfThisProcess(): string | null {
  return processStatus(process.pid)?.startedAt ?? null;
}

/** Boot and start time of a process in the kernel's words; null where the system does not tell. */
function processStatus(pid: number): { readonly startedAt: string; readonly ended: boolean } | null {
  try {
    const boot = fs.readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
    const afterName = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // A zombie has let go of its files; only its parent has not noticed yet.
    const ended = afterName[0] === 'Z' || afterName[0] === 'X';
    return { startedAt: `${boot}/${afterName[19] ?? ''}`, ended };
  } catch {
    return null;
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
