import { because, ok, type Result } from '../../../shared/result.ts';
import { readSmallFile } from '../../block/small-file.ts';
import type { LockHolder, LockPlace } from './lock-holder.ts';

/** What a lock file says. */
export interface LockContent extends LockHolder {
  readonly token: string;
  /** The number of the image's file in its file system: it stays when the image gets another name. */
  readonly inode?: string | null | undefined;
}

const MOST_BYTES = 4096;
/** Stands for the token of a lock that cannot be understood, as a power cut may leave one. */
export const DAMAGED = 'damaged';
export type FoundLock = LockContent | typeof DAMAGED | 'gone';

/** Fails where the lock is no regular file, or may not be read: it must not be taken for a damaged one. */
export function readLock(lockPath: string): Result<FoundLock> {
  const bytes = readSmallFile(lockPath, { mostBytes: MOST_BYTES, links: 'refused' });
  if (bytes.ok) return ok(parseLock(bytes.value.toString('utf8')));
  const { code } = bytes.failure;
  if (code === 'not-found') return ok('gone');
  if (code === 'malformed') return ok(DAMAGED);
  return because('the lock cannot be read', bytes);
}

export function tokenOf(lock: Exclude<FoundLock, 'gone'>): string {
  return lock === DAMAGED ? DAMAGED : lock.token;
}

function parseLock(text: string): LockContent | typeof DAMAGED {
  try {
    const content: unknown = JSON.parse(text);
    return isLockContent(content) ? content : DAMAGED;
  } catch {
    return DAMAGED;
  }
}

/** By hand: loading a schema library would cost every command more time than all else it does at its start. */
function isLockContent(value: unknown): value is LockContent {
  if (typeof value !== 'object' || value === null) return false;
  const { token, pid, startedAt, thread, place, inode } = value as Record<string, unknown>;
  return (
    typeof token === 'string' &&
    /^[\w-]{1,64}$/.test(token) &&
    Number.isSafeInteger(pid) &&
    (pid as number) > 0 &&
    isTextOrNull(startedAt) &&
    (thread === undefined || Number.isSafeInteger(thread)) &&
    (place === undefined || place === null || isPlace(place)) &&
    (inode === undefined || isTextOrNull(inode))
  );
}

function isPlace(value: unknown): value is LockPlace {
  if (typeof value !== 'object' || value === null) return false;
  const { machine, hostName, boot, pidNamespace } = value as Record<string, unknown>;
  return isTextOrNull(machine) && [hostName, boot, pidNamespace].every((text) => typeof text === 'string');
}

function isTextOrNull(value: unknown): value is string | null {
  return value === null || typeof value === 'string';
}
