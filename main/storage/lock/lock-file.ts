import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import type { Err } from '../../../shared/result.ts';
import { DAMAGED, readLock, tokenOf, type FoundLock, type LockContent } from './lock-content.ts';
import { stateOf, thisHolder } from './lock-holder.ts';

export type Acquired =
  | { readonly release: () => void }
  | { readonly release: null; readonly holder: LockContent | null }
  | { readonly release: null; readonly unreadable: Err };

const ATTEMPTS = 5;

/** Takes the lock file at `lockPath`, or tells who has it: null when that is changing just now. */
export function acquire(lockPath: string, inode: string | null): Acquired {
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

export function unlock(lockPath: string, token: string): void {
  try {
    if (hasToken(lockPath, token)) fs.rmSync(lockPath);
  } catch {
    // A lock that cannot be removed is stale as soon as this process has ended.
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
