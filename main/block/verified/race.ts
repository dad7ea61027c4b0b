import { type Clock, sleep } from '../../../shared/clock.ts';
import { type Failure, type Result, err } from '../../../shared/result.ts';
import type { Mirror } from './mirror.ts';

export interface RaceRules {
  readonly clock: Clock;
  /** Asks a mirror for the bytes, which go into `target`. */
  ask(mirror: Mirror, target: Uint8Array, signal: AbortSignal): Promise<Result<void>>;
  /** Who is worth asking beside `running`, which take long; null when there is nobody at present. */
  readonly spare: ((running: readonly Mirror[]) => Mirror | null) | undefined;
}

/** What a mirror answered. */
export interface Answer {
  readonly mirror: Mirror;
  readonly read: Result<void>;
  /** What it brought. */
  readonly bytes: Uint8Array;
  /** Its place among those who were asked. */
  readonly place: number;
}

interface Runner {
  readonly mirror: Mirror;
  readonly place: number;
  readonly withdraw: AbortController;
  readonly answer: Promise<Answer>;
}

/** A mirror that takes so many times what it was expected to is not waited for alone. */
const LATE_FACTOR = 4;
/** ... but none is late before the first, and all are after the second of these times. */
const LEAST_PATIENCE_MS = 2000;
const MOST_PATIENCE_MS = 60_000;

/**
 * The same bytes, asked of several mirrors. Whoever takes long is not waited for alone: another is asked as well. So a
 * mirror that drips holds nobody for longer than its patience, and of an honest slow line, which was measured, nothing
 * is asked twice.
 */
export class Race {
  readonly #rules: RaceRules;
  readonly #target: Uint8Array;
  #running: Runner[] = [];
  #asked = 0;
  #patienceMs = LEAST_PATIENCE_MS;

  constructor(rules: RaceRules, target: Uint8Array) {
    this.#rules = rules;
    this.#target = target;
  }

  /** Nobody is left who might answer. */
  get isIdle(): boolean {
    return this.#running.length === 0;
  }

  /** Asks one more mirror. */
  start(mirror: Mirror): void {
    // Only one of them may write where the others would.
    const bytes = this.isIdle ? this.#target : new Uint8Array(this.#target.length);
    const expectedMs = mirror.health.expectedMs(bytes.length);
    this.#patienceMs = Math.min(Math.max(LATE_FACTOR * expectedMs, LEAST_PATIENCE_MS), MOST_PATIENCE_MS);
    const withdraw = new AbortController();
    const place = this.#asked++;
    const asked = this.#rules.ask(mirror, bytes, withdraw.signal);
    const answer = asked.then((read) => ({ mirror, read, bytes, place }));
    this.#running.push({ mirror, place, withdraw, answer });
  }

  /** The next answer, right or wrong; the mirror is to be judged by it. Somebody must be running. */
  async answer(): Promise<Answer> {
    for (;;) {
      const answer = await this.#answerOrLate();
      if (answer !== null) {
        this.#running = this.#running.filter(({ place }) => place !== answer.place);
        return answer;
      }
      const spare = this.#rules.spare?.(this.#running.map(({ mirror }) => mirror)) ?? null;
      // Whoever rests now is asked when it has rested.
      if (spare === null) this.#patienceMs = LEAST_PATIENCE_MS;
      else this.start(spare);
    }
  }

  /** Ends the race with the right answer, whose bytes are in the target then. Who was asked earlier was too slow. */
  end(right: Answer): void {
    for (const { mirror, place, withdraw } of this.#running.splice(0)) {
      withdraw.abort();
      if (place < right.place) mirror.record.failed({ kind: 'late', failure: tooSlow(mirror, right.mirror) });
      else mirror.record.withdrawn();
    }
    this.#keep(right);
  }

  /** Ends it without anybody having lost. @param partlyRight an answer whose bytes are in the target then */
  withdraw(partlyRight?: Answer): void {
    for (const { mirror, withdraw } of this.#running.splice(0)) {
      withdraw.abort();
      mirror.record.withdrawn();
    }
    if (partlyRight !== undefined) this.#keep(partlyRight);
  }

  /** Once everybody else was withdrawn: nobody else writes there any more. */
  #keep({ bytes }: Answer): void {
    if (bytes !== this.#target) this.#target.set(bytes);
  }

  /** The first answer; null when it did not come in time. */
  async #answerOrLate(): Promise<Answer | null> {
    const answers = this.#running.map(({ answer }) => answer);
    if (this.#rules.spare === undefined) return Promise.race(answers);
    const answered = new AbortController();
    const late = sleep(this.#rules.clock, this.#patienceMs, answered.signal).then(() => null);
    const first = await Promise.race([...answers, late]);
    answered.abort();
    return first;
  }
}

function tooSlow(slow: Mirror, quick: Mirror): Failure {
  return err(
    'source-unreachable',
    `${slow.source.name}: it takes long; ${quick.source.name} was asked later and answered earlier`,
  ).failure;
}
