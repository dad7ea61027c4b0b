import { fixed } from '../../output/c-number.ts';
import type { GivenOptions } from './given-options.ts';
import type { Session } from './session.ts';
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
  session: Session,
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
    session.out(`${bytes},1,${clockTime(seconds)},${rates}\n`);
    return;
  }
  const time = seconds < 1 ? `00.${hundredths(seconds)} sec` : clockTime(seconds);
  const rates = `${quantity(bytes / seconds)}/sec and ${fixed(1 / seconds, 4)} ops/sec`;
  session.out(`${what} ${bytes}/${bytes} bytes at offset ${offset}\n`);
  session.out(`${quantity(bytes)}, 1 ops; ${time} (${rates})\n`);
}

function clockTime(seconds: number): string {
  const whole = Math.floor(seconds);
  const minutes = String(Math.floor(whole / 60) % 60).padStart(2, '0');
  return `${Math.floor(whole / 3600)}:${minutes}:${String(whole % 60).padStart(2, '0')}.${hundredths(seconds)}`;
}

function hundredths(seconds: number): string {
  return String(Math.floor((seconds % 1) * 100)).padStart(2, '0');
}
