import type { Clock } from '../../../shared/clock.ts';
import type { Failure } from '../../../shared/result.ts';
import { MirrorHealth, type MirrorState } from './mirror-health.ts';

/** How a source failed its reader. */
export interface MirrorFault {
  readonly kind: 'failed' | 'late' | 'wrong-bytes';
  readonly failure: Failure;
}

/** What is known of a source at a moment. Moments are those of the clock, which all threads share. */
export interface MirrorReport {
  readonly name: string;
  readonly state: MirrorState;
  /** Estimates; null where nothing was measured. */
  readonly firstByteMs: number | null;
  readonly bytesPerSecond: number | null;
  /** Requests under way. */
  readonly running: number;
  /** Right bytes that came from it. */
  readonly broughtBytes: number;
  /** Answers of which something was wrong. */
  readonly wrongAnswers: number;
  /** What its latest answer lacked; null where that was right, and while there was none. */
  readonly fault: MirrorFault | null;
  /** When the faults began, of which {@link fault} is the latest. */
  readonly failingSinceMs: number | null;
  /** When it was asked, and when judged, the last time. */
  readonly askedAtMs: number | null;
  readonly judgedAtMs: number | null;
}

/** Wrong bytes count for this many failures to bring any. */
const SEVERITY: Readonly<Record<MirrorFault['kind'], number>> = { failed: 1, late: 1, 'wrong-bytes': 4 };

/** What its readers found out about one source. */
export class MirrorRecord {
  readonly health: MirrorHealth;
  readonly #clock: Clock;
  readonly #name: string;
  #fault: MirrorFault | null = null;
  #failingSinceMs: number | null = null;
  #askedAtMs: number | null = null;
  #judgedAtMs: number | null = null;
  #broughtBytes = 0;
  #wrongAnswers = 0;

  constructor(name: string, clock: Clock, random: () => number) {
    this.#name = name;
    this.#clock = clock;
    this.health = new MirrorHealth(clock, random);
  }

  /** It was asked for something. {@link served}, {@link failed} or {@link withdrawn} must follow. */
  asked(): void {
    this.health.began();
    this.#askedAtMs = this.#clock.now();
  }

  /** It brought what it should. */
  served(bytes: number): void {
    this.health.ended(true);
    this.#judgedAtMs = this.#clock.now();
    this.#broughtBytes += bytes;
    this.#fault = null;
    this.#failingSinceMs = null;
  }

  /** @param rightBytes what of its answer could be used nevertheless */
  failed(fault: MirrorFault, rightBytes = 0): void {
    this.health.ended(false);
    this.health.failed(SEVERITY[fault.kind], fault.failure.retryAfterMs);
    this.#judgedAtMs = this.#clock.now();
    this.#broughtBytes += rightBytes;
    if (fault.kind === 'wrong-bytes') this.#wrongAnswers++;
    this.#failingSinceMs ??= this.#judgedAtMs;
    this.#fault = fault;
  }

  /** Nobody wants what it was asked for any more, which says nothing about it. */
  withdrawn(): void {
    this.health.ended(false);
  }

  report(): MirrorReport {
    const { state, firstByteMs, bytesPerSecond, running } = this.health;
    return {
      name: this.#name,
      state,
      firstByteMs,
      bytesPerSecond,
      running,
      broughtBytes: this.#broughtBytes,
      wrongAnswers: this.#wrongAnswers,
      fault: this.#fault,
      failingSinceMs: this.#failingSinceMs,
      askedAtMs: this.#askedAtMs,
      judgedAtMs: this.#judgedAtMs,
    };
  }
}

/**
 * What the readers of a thread found out about the sources of a disk. It outlives them: a source that failed while it was
 * being opened is still known to have failed at the next attempt, and one that fails a reader is avoided by the others.
 */
export class MirrorRecords {
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #records = new Map<string, MirrorRecord>();

  /** @param random evenly from 0 to 1; decides nothing but how long sources rest */
  constructor(clock: Clock, random: () => number) {
    this.#clock = clock;
    this.#random = random;
  }

  of(name: string): MirrorRecord {
    const known = this.#records.get(name);
    if (known !== undefined) return known;
    const made = new MirrorRecord(name, this.#clock, this.#random);
    this.#records.set(name, made);
    return made;
  }

  /** In the order in which they became known, which is that of the publisher. */
  reports(): MirrorReport[] {
    return [...this.#records.values()].map((record) => record.report());
  }
}

/** What several threads know of the same sources, put together: sums, and of the rest what was seen last. */
export function mergeReports(reports: readonly MirrorReport[]): MirrorReport[] {
  const byName = new Map<string, MirrorReport>();
  for (const report of reports) {
    const other = byName.get(report.name);
    byName.set(report.name, other === undefined ? report : merge(other, report));
  }
  return [...byName.values()];
}

function merge(one: MirrorReport, other: MirrorReport): MirrorReport {
  const [later, earlier] = moment(other.judgedAtMs) > moment(one.judgedAtMs) ? [other, one] : [one, other];
  return {
    ...later,
    firstByteMs: later.firstByteMs ?? earlier.firstByteMs,
    bytesPerSecond: later.bytesPerSecond ?? earlier.bytesPerSecond,
    running: one.running + other.running,
    broughtBytes: one.broughtBytes + other.broughtBytes,
    wrongAnswers: one.wrongAnswers + other.wrongAnswers,
    askedAtMs: latest(one.askedAtMs, other.askedAtMs),
  };
}

const moment = (ms: number | null) => ms ?? -Infinity;

function latest(one: number | null, other: number | null): number | null {
  return moment(one) > moment(other) ? one : other;
}
