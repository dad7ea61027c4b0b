import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import { threadId } from 'node:worker_threads';

/** The process, and the thread in it, that has a lock. */
export interface LockHolder {
  readonly pid: number;
  /** When the process started, where the system tells: guards against a process number that was given out again. */
  readonly startedAt: string | null;
  /** Of that process: threads can end without it. */
  readonly thread?: number | undefined;
  /** Where its number means something; null where the system does not tell. Locks of earlier versions have none. */
  readonly place?: LockPlace | null | undefined;
}

/** What the number of a process belongs to: containers and other computers give the same numbers to others. */
export interface LockPlace {
  /** Tells computers apart; null where this one has no identity. */
  readonly machine: string | null;
  readonly hostName: string;
  readonly boot: string;
  readonly pidNamespace: string;
}

export function thisHolder(): LockHolder {
  return {
    pid: process.pid,
    startedAt: startOfThisProcess(),
    thread: threadId,
    place: thisPlace(),
  };
}

/** @returns whether it is this process, whichever thread of it */
export function isThisProcess(holder: LockHolder): boolean {
  return (
    holder.pid === process.pid &&
    holder.startedAt === startOfThisProcess() &&
    whereIs(holder.place) === 'here'
  );
}

/**
 * Whether the holder can still write. Of one that is `elsewhere`, in another container or on another computer, nobody
 * here can tell: its number means nothing here.
 */
export function stateOf(holder: LockHolder): 'running' | 'gone' | 'elsewhere' {
  const where = whereIs(holder.place);
  if (where === 'here') return isRunning(holder) ? 'running' : 'gone';
  return where === 'earlier' ? 'gone' : 'elsewhere';
}

/** `earlier`: here, before the computer started anew, so that nothing of it can be left. */
function whereIs(place: LockPlace | null | undefined): 'here' | 'earlier' | 'elsewhere' {
  if (place === undefined) return 'here';
  const present = thisPlace();
  if (place === null || present === null) return place === present ? 'here' : 'elsewhere';
  if (place.pidNamespace !== present.pidNamespace) return 'elsewhere';
  if (place.boot === present.boot) return 'here';
  const sameComputer =
    place.machine !== null && place.machine === present.machine && place.hostName === present.hostName;
  return sameComputer ? 'earlier' : 'elsewhere';
}

function isRunning({ pid, startedAt }: LockHolder): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false;
  }
  const present = processStatus(pid);
  if (present === null || startedAt === null) return true;
  return !present.ended && present.startedAt === startedAt;
}

function startOfThisProcess(): string | null {
  return processStatus(process.pid)?.startedAt ?? null;
}

function thisPlace(): LockPlace | null {
  try {
    const pidNamespace = fs.readlinkSync('/proc/self/ns/pid');
    return { machine: thisMachine(), hostName: os.hostname(), boot: bootId(), pidNamespace };
  } catch {
    return null;
  }
}

/** Hashed, as machine-id(5) asks of whoever shows it to others; containers made from one image often have none. */
function thisMachine(): string | null {
  try {
    const id = fs.readFileSync('/etc/machine-id', 'utf8').trim();
    if (!/^[0-9a-f]{32}$/.test(id)) return null;
    return createHash('sha256').update(`headwater lock ${id}`).digest('hex').slice(0, 32);
  } catch {
    return null;
  }
}

function bootId(): string {
  return fs.readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}

/** Boot and start time of a process in the kernel's words; null where the system does not tell. */
function processStatus(pid: number): { readonly startedAt: string; readonly ended: boolean } | null {
  try {
    // A container may see the processes of the system around it there, which have other numbers.
    if (fs.readlinkSync('/proc/self') !== String(process.pid)) return null;
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
    const afterName = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // A zombie has let go of its files; only its parent has not noticed yet.
    const ended = afterName[0] === 'Z' || afterName[0] === 'X';
    return { startedAt: `${bootId()}/${afterName[19] ?? ''}`, ended };
  } catch {
    return null;
  }
}
