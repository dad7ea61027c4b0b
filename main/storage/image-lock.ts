import { randomUUID } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { err, ok, type Result } from '../../shared/result.ts';
import { failureFromSystem } from '../block/errno.ts';

const lockSchema = z.object({
  token: z.string(),
  pid: z.number().int().positive(),
  /** When the process started, where the system tells: guards against a process number that was given out again. */
  startedAt: z.string().nullable(),
});
type LockContent = z.infer<typeof lockSchema>;

const MAX_LOCK_BYTES = 4096;
const ATTEMPTS = 5;

/**
 * Takes the right to write an image: a small file beside it that names this process. A lock whose process is gone
 * (kill -9, power cut) is taken over. Fails with `busy` while another process, or another part of this one, has it.
 * Node offers no `fcntl` locks, so QEMU's own locks are not seen; see ADR 4.
 *
 * @returns the function that gives the right back
 */
export function lockImage(imagePath: string): Result<() => void> {
  const lockPath = lockPathOf(imagePath);
  const content: LockContent = {
    token: randomUUID(),
    pid: process.pid,
    startedAt: processStart(process.pid),
  };
  const draft = `${lockPath}.${content.token}`;
  try {
    fs.writeFileSync(draft, JSON.stringify(content), { flag: 'wx' });
    try {
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        if (tryLink(draft, lockPath)) return ok(() => unlock(lockPath, content.token));
        const holder = readLock(lockPath);
        if (holder !== null && isAlive(holder)) return heldBy(imagePath, holder);
        moveStaleAside(lockPath, holder);
      }
      return err('busy', `'${imagePath}' is being opened by several programs at once; try again`);
    } finally {
      fs.unlinkSync(draft);
    }
  } catch (error) {
    return failureFromSystem(error, `Could not lock '${imagePath}' for writing`);
  }
}

function lockPathOf(imagePath: string): string {
  const real = fs.existsSync(imagePath) ? fs.realpathSync(imagePath) : path.resolve(imagePath);
  return path.join(path.dirname(real), `.${path.basename(real)}.lock`);
}

function heldBy(imagePath: string, holder: LockContent) {
  const who = holder.pid === process.pid ? 'this program' : `process ${holder.pid}`;
  return err('busy', `'${imagePath}' is already open for writing in ${who}; close it there first`);
}

/** A hard link appears whole or not at all, so that no other program ever reads half a lock. */
function tryLink(draft: string, lockPath: string): boolean {
  try {
    fs.linkSync(draft, lockPath);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

/** The lock's content, or null when it is gone or not ours to understand. */
function readLock(lockPath: string): LockContent | null {
  try {
    const text = fs.readFileSync(lockPath, 'utf8').slice(0, MAX_LOCK_BYTES);
    return lockSchema.parse(JSON.parse(text));
  } catch {
    return null;
  }
}

/**
 * Removes a lock that was found stale, unless another program replaced it meanwhile: the file is first renamed, and
 * what turns out to be a live lock is put back.
 */
function moveStaleAside(lockPath: string, stale: LockContent | null): void {
  const aside = `${lockPath}.${randomUUID()}`;
  try {
    fs.renameSync(lockPath, aside);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return;
    throw error;
  }
  const moved = readLock(aside);
  if (moved !== null && moved.token !== stale?.token && isAlive(moved)) tryLink(aside, lockPath);
  fs.unlinkSync(aside);
}

function unlock(lockPath: string, token: string): void {
  if (readLock(lockPath)?.token === token) fs.rmSync(lockPath, { force: true });
}

function isAlive(holder: LockContent): boolean {
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false;
  }
  const start = processStart(holder.pid);
  return start === null || holder.startedAt === null || start === holder.startedAt;
}

/** Boot and start time of a process in the kernel's words; null where the system does not tell. */
function processStart(pid: number): string | null {
  try {
    const boot = fs.readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
    const afterName = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return `${boot}/${afterName[19] ?? ''}`;
  } catch {
    return null;
  }
}
