import type { Clock } from '../../../shared/clock.ts';
import type { RateLimit } from './rate-limit.ts';

/** Slice of QEMU's limiter (`RateLimit`, block-job helpers): unused allowance older than this is lost. */
const SLICE_MS = 100n;
const MICROS_PER_SECOND = 1_000_000n;

/** Layout of the shared memory, in 64-bit words. */
const CONSUMED = 0;
const LAST_DEMAND_MICROS = 1;
/** Two records of rate, epoch and allowance at the epoch; the version says which one counts. */
const RECORDS = 2;
const RECORD_WORDS = 3;
const WORDS = RECORDS + 2 * RECORD_WORDS;
/** Behind the words: the version and the number of guests that wait. */
const BYTES = WORDS * 8 + 2 * 4;

/**
 * A token bucket in shared memory: every thread that opens its {@link memory} draws on the same allowance.
 *
 * The account is two numbers of bytes: what was *consumed*, and what was *allowed* by now, a straight line since the
 * rate was last set. Background work may take while consumed <= allowed. Taking is one compare-and-swap on
 * `consumed`, which at the same time forfeits allowance left unused for longer than a slice; so over any stretch of
 * time at most `rate * time + rate * 100 ms + one request` bytes pass, however many threads take part.
 *
 * Rates change by writing the record not in use and then switching to it. Use from any number of threads; *set* from
 * one (who owns the preferences or the job). A change counts at once; what is owed is owed in bytes, so a higher rate
 * pays it off sooner.
 *
 * `clock` must agree between threads.
 */
export class TokenBucket implements RateLimit {
  readonly memory: SharedArrayBuffer;
  readonly #clock: Clock;
  readonly #words: BigInt64Array;
  readonly #version: Int32Array;
  readonly #demands: Int32Array;

  /** @param bytesPerSecond initial rate; leave it out to join a bucket that another thread made. */
  constructor(clock: Clock, bytesPerSecond?: number, memory = new SharedArrayBuffer(BYTES)) {
    this.memory = memory;
    this.#clock = clock;
    this.#words = new BigInt64Array(memory, 0, WORDS);
    this.#version = new Int32Array(memory, WORDS * 8, 1);
    this.#demands = new Int32Array(memory, WORDS * 8 + 4, 1);
    if (bytesPerSecond !== undefined) this.setRate(bytesPerSecond);
  }

  get bytesPerSecond(): number {
    return Number(this.#terms().rate);
  }

  /** @param bytesPerSecond 0: no limit. */
  setRate(bytesPerSecond: number): void {
    const nowMicros = this.#nowMicros();
    const terms = this.#terms();
    const consumed = Atomics.load(this.#words, CONSUMED);
    // Time without a limit leaves neither debt nor credit.
    const allowed = terms.rate === 0n ? consumed : allowance(terms, nowMicros);
    const version = Atomics.load(this.#version, 0) + 1;
    const at = recordAt(version);
    Atomics.store(this.#words, at, BigInt(Math.max(0, Math.floor(bytesPerSecond))));
    Atomics.store(this.#words, at + 1, nowMicros);
    Atomics.store(this.#words, at + 2, allowed);
    Atomics.store(this.#version, 0, version);
  }

  take(bytes: number): number {
    return this.#consume(bytes, false);
  }

  debit(bytes: number): void {
    this.#consume(bytes, true);
  }

  refund(bytes: number): void {
    Atomics.sub(this.#words, CONSUMED, BigInt(bytes));
  }

  demandBegan(): void {
    Atomics.add(this.#demands, 0, 1);
  }

  demandEnded(): void {
    Atomics.store(this.#words, LAST_DEMAND_MICROS, this.#nowMicros());
    Atomics.sub(this.#demands, 0, 1);
  }

  quietMs(): number {
    if (Atomics.load(this.#demands, 0) > 0) return 0;
    const last = Atomics.load(this.#words, LAST_DEMAND_MICROS);
    return last === 0n ? Infinity : Math.max(0, Number(this.#nowMicros() - last) / 1000);
  }

  #consume(bytes: number, overdraw: boolean): number {
    for (;;) {
      const terms = this.#terms();
      const consumed = Atomics.load(this.#words, CONSUMED);
      let floor = consumed;
      if (terms.rate > 0n) {
        const allowed = allowance(terms, this.#nowMicros());
        if (!overdraw && consumed > allowed) return millisecondsFor(consumed - allowed, terms.rate);
        const forfeited = allowed - sliceBytes(terms.rate);
        if (forfeited > floor) floor = forfeited;
      }
      const next = floor + BigInt(bytes);
      if (Atomics.compareExchange(this.#words, CONSUMED, consumed, next) === consumed) return 0;
    }
  }

  #terms(): Terms {
    for (;;) {
      const version = Atomics.load(this.#version, 0);
      const at = recordAt(version);
      const rate = Atomics.load(this.#words, at);
      const epochMicros = Atomics.load(this.#words, at + 1);
      const base = Atomics.load(this.#words, at + 2);
      if (Atomics.load(this.#version, 0) === version) return { rate, epochMicros, base };
    }
  }

  #nowMicros(): bigint {
    return BigInt(Math.floor(this.#clock.now() * 1000));
  }
}

/** The terms in force: `base` bytes were allowed at the epoch, `rate` more every second. */
interface Terms {
  readonly rate: bigint;
  readonly epochMicros: bigint;
  readonly base: bigint;
}

function recordAt(version: number): number {
  return RECORDS + (version & 1) * RECORD_WORDS;
}

function allowance(terms: Terms, nowMicros: bigint): bigint {
  const micros = nowMicros > terms.epochMicros ? nowMicros - terms.epochMicros : 0n;
  return terms.base + (terms.rate * micros) / MICROS_PER_SECOND;
}

function sliceBytes(rate: bigint): bigint {
  const bytes = (rate * SLICE_MS) / 1000n;
  return bytes > 0n ? bytes : 1n;
}

/** Rounded up to a microsecond, so that the account is level when the time has passed. */
function millisecondsFor(bytes: bigint, rate: bigint): number {
  return Number((bytes * MICROS_PER_SECOND + rate - 1n) / rate) / 1000;
}
