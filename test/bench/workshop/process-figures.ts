import fs from 'node:fs';
import { MIB } from '../../../shared/units.ts';

/** The kernel's clock ticks per second as told to programs: a constant of its interface. */
const TICKS_PER_SECOND = 100;

/** Processor time a process has used, in user and kernel mode, in milliseconds; NaN where the system does not tell. */
export function cpuMsOf(pid: number): number {
  const stat = read(`/proc/${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS_PER_SECOND;
}

export interface ProcessMemory {
  /** All pages it has in memory, in MiB. */
  readonly residentMiB: number;
  /** The same with every shared page, such as those of libraries, divided among those who share it. */
  readonly proportionalMiB: number;
}

/** NaN where the system does not tell. */
export function memoryOf(pid: number | 'self'): ProcessMemory {
  const rollup = read(`/proc/${pid}/smaps_rollup`);
  const field = (name: string) =>
    (Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(rollup)?.[1]) * 1024) / MIB;
  return { residentMiB: field('Rss'), proportionalMiB: field('Pss') };
}

/** A process, all that it started, and all that those started; none that have ended meanwhile. */
export function processesUnder(pid: number | undefined): number[] {
  if (pid === undefined) return [];
  const started = threadsOf(pid).flatMap((thread) => read(`/proc/${pid}/task/${thread}/children`).split(' '));
  return [pid, ...started.filter(Boolean).map(Number).flatMap(processesUnder)];
}

function threadsOf(pid: number): string[] {
  try {
    return fs.readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
}

function read(file: string): string {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
