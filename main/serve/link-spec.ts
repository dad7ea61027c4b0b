import { type Result, err, ok } from '../../shared/result.ts';

/** What a line can do. */
export interface LinkShape {
  /** Bits per second of all connections together; null for no limit. */
  readonly bitsPerSecond: number | null;
  /** Time from sending a request to the first byte of its answer on an idle line, in milliseconds. */
  readonly roundTripMs: number;
  /**
   * Most bytes one connection has under way before the first of them is acknowledged, a round trip after it arrived:
   * the window of a TCP connection. No limit unless given.
   */
  readonly windowBytes?: number | undefined;
}

const UNITS: Readonly<Record<string, number>> = { bit: 1, kbit: 1e3, mbit: 1e6, gbit: 1e9 };
const RATE = /^(\d+(?:\.\d+)?)(bit|kbit|mbit|gbit)$/;
const DELAY = /^(\d+(?:\.\d+)?)ms$/;
const MIN_BITS_PER_SECOND = 8_000;
const MAX_BITS_PER_SECOND = 1e12;
const MAX_DELAY_MS = 10_000;
const HELP = "use a rate and a round-trip time such as '20mbit,30ms', one of them, or 'off'";

/**
 * Reads what `--link` takes: `20mbit,30ms`, `512kbit`, `30ms`, `off` (null: no simulation). Rates go from 8 kbit to
 * 1000 gbit per second, in decimal units; round trips up to 10 s. Fails with `invalid-argument`.
 */
export function parseLinkSpec(text: string): Result<LinkShape | null> {
  const spec = text.trim().toLowerCase();
  if (spec === 'off') return ok(null);
  let bitsPerSecond: number | null = null;
  let roundTripMs: number | null = null;
  for (const part of spec.split(',').map((piece) => piece.trim())) {
    const rate = RATE.exec(part);
    const delay = DELAY.exec(part);
    if (rate !== null && bitsPerSecond === null)
      bitsPerSecond = Number(rate[1]) * (UNITS[rate[2] ?? ''] ?? NaN);
    else if (delay !== null && roundTripMs === null) roundTripMs = Number(delay[1]);
    else return err('invalid-argument', `link '${text}': '${part}' does not fit; ${HELP}`);
  }
  if (
    bitsPerSecond !== null &&
    !(bitsPerSecond >= MIN_BITS_PER_SECOND && bitsPerSecond <= MAX_BITS_PER_SECOND)
  ) {
    return err('invalid-argument', `link '${text}': the rate must lie between 8kbit and 1000gbit`);
  }
  if (roundTripMs !== null && roundTripMs > MAX_DELAY_MS) {
    return err('invalid-argument', `link '${text}': the round-trip time must be at most ${MAX_DELAY_MS}ms`);
  }
  return ok({ bitsPerSecond, roundTripMs: roundTripMs ?? 0 });
}

/** The line in the form {@link parseLinkSpec} reads. */
export function formatLink(link: LinkShape | null): string {
  if (link === null) return 'off';
  const delay = `${link.roundTripMs}ms`;
  if (link.bitsPerSecond === null) return delay;
  const [unit, factor] = Object.entries(UNITS).findLast(([, bits]) => bits <= (link.bitsPerSecond ?? 0)) ?? [
    'bit',
    1,
  ];
  return `${link.bitsPerSecond / factor}${unit},${delay}`;
}
