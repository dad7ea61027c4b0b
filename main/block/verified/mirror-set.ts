import type { Clock } from '../../../shared/clock.ts';
import { type Err, type Failure, type Result, DONE, err } from '../../../shared/result.ts';
import { type Range } from '../range.ts';
import type { MasterFile, MasterSource } from './master-source.ts';
import { Mirror } from './mirror.ts';
import { MirrorRecords, type MirrorReport } from './mirror-record.ts';
import { Race } from './race.ts';

/** A file of the master and how to tell its right bytes from wrong ones. */
export interface Verification {
  readonly file: MasterFile;
  /** Length of the whole file. */
  readonly lengthBytes: number;
  /**
   * The parts of `bytes`, which are said to stand at `offset` of the file, that are wrong; positions in the file. They are
   * not in the target yet, where another mirror may be writing.
   */
  readonly findWrong: (offset: number, bytes: Uint8Array) => readonly Range[];
}

/** A mirror sent bytes that are not the master's; somebody else may have sent the right ones. */
export interface WrongBytes {
  readonly mirror: string;
  readonly file: MasterFile;
  /** Where in the file. */
  readonly offset: number;
  readonly failure: Failure;
}

export interface MirrorSetOptions {
  readonly clock: Clock;
  /** Evenly from 0 to 1. */
  readonly random: () => number;
  readonly onWrongBytes?: ((wrong: WrongBytes) => void) | undefined;
  /** What is known of the sources, and what is found out; nothing unless given. */
  readonly records?: MirrorRecords | undefined;
}

/** One in so many reads that nobody urgently waits for goes to a mirror that should be looked at again. */
const EXPLORE_EVERY = 16;

/**
 * Reads files of a master from whichever of its sources does best, and from others where that one fails or lies. Only
 * verified bytes count as read. A single source that fails is asked again by whoever asked this, at the pace of that
 * caller: a set never waits.
 */
export class MirrorSet {
  readonly #mirrors: readonly Mirror[];
  readonly #clock: Clock;
  readonly #onWrongBytes: (wrong: WrongBytes) => void;
  #explorable = 0;

  /** @param sources at least one, the publisher's favourite first */
  constructor(sources: readonly MasterSource[], options: MirrorSetOptions) {
    const { clock, random, onWrongBytes, records = new MirrorRecords(clock, random) } = options;
    this.#mirrors = sources.map((source) => new Mirror(source, records.of(source.name)));
    this.#clock = clock;
    this.#onWrongBytes = onWrongBytes ?? (() => {});
  }

  get count(): number {
    return this.#mirrors.length;
  }

  reports(): MirrorReport[] {
    return this.#mirrors.map(({ record }) => record.report());
  }

  /**
   * Fills `target` with verified bytes. Fails with `source-unreachable` where a source may yet bring them, and with
   * `source-changed` where all of them answer and none has the master any more; the message names place and sources.
   * @param patient nobody waits for these bytes in particular
   */
  async read(
    what: Verification,
    offset: number,
    target: Uint8Array,
    patient: boolean,
  ): Promise<Result<void>> {
    return this.#read(what, offset, target, patient, []);
  }

  async close(): Promise<void> {
    await Promise.all(this.#mirrors.map((mirror) => mirror.close()));
  }

  async #read(
    what: Verification,
    offset: number,
    target: Uint8Array,
    patient: boolean,
    before: readonly Tried[],
  ): Promise<Result<void>> {
    const tried = [...before];
    const race = new Race(
      {
        clock: this.#clock,
        ask: (mirror, bytes, signal) => mirror.read(what.file, what.lengthBytes, offset, bytes, signal),
        spare: this.count > 1 ? (running) => this.#spare(target.length, running, tried) : undefined,
      },
      target,
    );
    for (;;) {
      if (race.isIdle) {
        const mirror = this.#choose(target.length, patient, tried);
        if (mirror === null) return summary(tried);
        race.start(mirror);
      }
      const answer = await race.answer();
      const { mirror, read } = answer;
      const wrong = read.ok ? what.findWrong(offset, answer.bytes) : [];
      const first = wrong[0];
      if (read.ok && first === undefined) {
        mirror.record.served(target.length);
        race.end(answer);
        return DONE;
      }
      const failed = first === undefined ? read : wrongBytes(mirror, what.file, first);
      if (failed.ok) throw new Error('a read that failed has a failure');
      if (failed.failure.code === 'closed') {
        mirror.record.withdrawn();
        race.withdraw();
        return failed;
      }
      const rightBytes = first === undefined ? 0 : target.length - totalOf(wrong);
      mirror.record.failed(
        { kind: first === undefined ? 'failed' : 'wrong-bytes', failure: failed.failure },
        rightBytes,
      );
      tried.push({ mirror, failed });
      if (first === undefined) continue;
      const { file } = what;
      this.#onWrongBytes({ mirror: mirror.source.name, file, offset: first.offset, failure: failed.failure });
      race.withdraw(answer);
      return this.#mend(what, offset, target, wrong, patient, tried);
    }
  }

  /** Asks the other mirrors for the parts that were wrong. */
  async #mend(
    what: Verification,
    offset: number,
    target: Uint8Array,
    wrong: readonly Range[],
    patient: boolean,
    tried: readonly Tried[],
  ): Promise<Result<void>> {
    for (const range of wrong) {
      const at = range.offset - offset;
      const mended = await this.#read(
        what,
        range.offset,
        target.subarray(at, at + range.length),
        patient,
        tried,
      );
      if (!mended.ok) return mended;
    }
    return DONE;
  }

  /** The mirror to ask beside others that take long. */
  #spare(bytes: number, running: readonly Mirror[], tried: readonly Tried[]): Mirror | null {
    const left = this.#mirrors.filter(
      (mirror) =>
        !running.includes(mirror) &&
        mirror.health.state !== 'resting' &&
        tried.every((one) => one.mirror !== mirror),
    );
    return least(left, ({ health }) => health.expectedMs(bytes));
  }

  /** The mirror to ask next; null when all were asked. */
  #choose(bytes: number, patient: boolean, tried: readonly Tried[]): Mirror | null {
    const left = this.#mirrors.filter((mirror) => tried.every((one) => one.mirror !== mirror));
    const well = left.filter(({ health }) => health.state === 'good' || health.state === 'untried');
    if (patient && well.length > 0 && ++this.#explorable % EXPLORE_EVERY === 0) {
      const curious = left.find(
        ({ health }) => health.running === 0 && (health.state === 'untried' || health.state === 'recovering'),
      );
      if (curious !== undefined) return curious;
    }
    if (well.length > 0) return least(well, ({ health }) => health.expectedMs(bytes));
    // All have failed lately. Whoever asks knows, and takes its time: no use in refusing.
    return least(left, ({ health }) => health.restMs);
  }
}

interface Tried {
  readonly mirror: Mirror;
  readonly failed: Err;
}

function least<T>(items: readonly T[], measure: (item: T) => number): T | null {
  let best: T | null = null;
  let bestMeasure = Infinity;
  for (const item of items) {
    const value = measure(item);
    if (best !== null && value >= bestMeasure) continue;
    best = item;
    bestMeasure = value;
  }
  return best;
}

function totalOf(ranges: readonly Range[]): number {
  return ranges.reduce((sum, { length }) => sum + length, 0);
}

function wrongBytes({ source }: Mirror, file: MasterFile, { offset, length }: Range): Err {
  const message = `${source.name}${file}: the ${length} bytes at ${offset} are not those of the master (wrong SHA-256)`;
  return err('source-changed', message);
}

/** What a reader is told when nobody had its bytes: an I/O error may pass, like a lost connection. */
function summary(tried: readonly Tried[]): Err {
  const failures = tried.map(({ failed }) => failed.failure);
  const mayPass = failures.filter(({ code }) => code === 'source-unreachable' || code === 'io');
  const waits = mayPass.flatMap(({ retryAfterMs }) => retryAfterMs ?? []);
  const message = failures.map((failure) => failure.message).join('; ');
  if (mayPass.length === 0) return err('source-changed', message);
  // One that named no time may be back at any moment.
  const retryAfterMs = waits.length === mayPass.length ? Math.min(...waits) : undefined;
  return err('source-unreachable', message, { retryAfterMs });
}
