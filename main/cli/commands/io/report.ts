import { fixed } from '../../output/c-number.ts';
import type { GivenOptions } from './given-options.ts';
import type { IoSession } from './io-session.ts';
import { quantity } from './quantity.ts';

/** How a request is reported. */
export interface ReportStyle {
  /** `-q`: not at all. */
  readonly quiet: boolean;
  /** `-C`: as comma-separated values. */
  readonly forMachines: boolean;
}

export function reportStyle(given: GivenOptions): ReportStyle {
  return { quiet: given.has('q'), forMachines: given.has('C') };
}

/** Shorter times cannot be measured; dividing by them would print infinities. */
const SHORTEST_MS = 0.001;

/** Says how fast `bytes` at `offset` were dealt with: `what` is `read`, `wrote` or `discard`. */
export function reportTransfer(
  session: IoSession,
  what: string,
  offset: number,
  bytes: number,
  elapsedMs: number,
  style: ReportStyle,
): void {
  if (style.quiet) return;
  const seconds = Math.max(elapsedMs, SHORTEST_MS) / 1000;
  if (style.forMachines) {
    const rates = `${fixed(bytes / seconds, 3)},${fixed(1 / seconds, 3)}`;
    session.out(`${bytes},1,${clockTime(elapsedMs)},${rates}\n`);
    return;
  }
  const time = elapsedMs < 1000 ? `00.${hundredths(elapsedMs)} sec` : clockTime(elapsedMs);
  const rates = `${quantity(bytes / seconds)}/sec and ${fixed(1 / seconds, 4)} ops/sec`;
  session.out(`${what} ${bytes}/${bytes} bytes at offset ${offset}\n`);
  session.out(`${quantity(bytes)}, 1 ops; ${time} (${rates})\n`);
}

function clockTime(elapsedMs: number): string {
  const seconds = Math.floor(elapsedMs / 1000);
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  return `${hours}:${twoDigits(minutes % 60)}:${twoDigits(seconds % 60)}.${hundredths(elapsedMs)}`;
}

function hundredths(elapsedMs: number): string {
  return twoDigits(Math.floor((elapsedMs % 1000) / 10));
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}
