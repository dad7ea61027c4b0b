import type { Clock } from '../../../shared/clock.ts';
import { RECHECK_MS, type RateLimit } from './rate-limit.ts';

/** How important a stream is to the user. */
export type Priority = 'high' | 'normal' | 'low';

/** Parts of a common limit: a stream gets twice as much as one of the next lower priority. */
export const WEIGHTS: Readonly<Record<Priority, number>> = { high: 4, normal: 2, low: 1 };

/** Who waits looks again every {@link RECHECK_MS}; one that did not for so long does not wait any more. */
const STILL_WAITING_MICROS = BigInt(3 * RECHECK_MS * 1000);
/** Who has not asked for so long begins anew beside the others: nobody saves up his part. */
const AWAY_MICROS = 1_000_000n;
/** When somebody else is to go first: long enough for him to look again. */
const STEP_ASIDE_MS = 10;

/** Layout of a slot, in 64-bit words. */
const WEIGHT = 0;
const SERVED = 1;
const ASKED_MICROS = 2;
const WAITING_MICROS = 3;
const SLOT_WORDS = 4;
const SLOTS = 64;

/** Bytes count divided by the weight; multiplied by this first, so that they stay whole numbers. */
const SCALE = 4n;

/** Which slot of the shared memory belongs to a stream. Plain data: it is sent to the thread of the disk. */
export interface ShareSlot {
  readonly memory: SharedArrayBuffer;
  readonly index: number;
}

/** Hands out the slots of one common limit, and says what each is worth. For the thread that knows all streams. */
export class Shares {
  readonly #memory = new SharedArrayBuffer(SLOTS * SLOT_WORDS * 8);
  readonly #words = new BigInt64Array(this.#memory);

  /** Null when there are more streams than slots: one without takes what it gets. */
  take(priority: Priority): ShareSlot | null {
    for (let index = 0; index < SLOTS; index++) {
      if (Atomics.load(this.#words, index * SLOT_WORDS + WEIGHT) !== 0n) continue;
      this.#words.fill(0n, index * SLOT_WORDS, (index + 1) * SLOT_WORDS);
      const slot = { memory: this.#memory, index };
      this.setPriority(slot, priority);
      return slot;
    }
    return null;
  }

  setPriority({ index }: ShareSlot, priority: Priority): void {
    Atomics.store(this.#words, index * SLOT_WORDS + WEIGHT, BigInt(WEIGHTS[priority]));
  }

  giveBack({ index }: ShareSlot): void {
    Atomics.store(this.#words, index * SLOT_WORDS + WEIGHT, 0n);
  }
}

/**
 * One stream's way to a limit that many share: of those that wait, the one goes first that was served least for its
 * weight (start-time fair queueing). A stream that its own line or limit holds up does not wait here, so the others use
 * what it leaves. Without a limit there is nothing to divide, and nobody waits for anybody.
 *
 * Every slot has one writer, the thread of its disk; nobody locks anything. What a guest waits for passes in any case.
 */
export class FairShare implements RateLimit {
  readonly #limit: RateLimit;
  readonly #clock: Clock;
  readonly #words: BigInt64Array;
  readonly #at: number;

  constructor(limit: RateLimit, clock: Clock, { memory, index }: ShareSlot) {
    this.#limit = limit;
    this.#clock = clock;
    this.#words = new BigInt64Array(memory);
    this.#at = index * SLOT_WORDS;
  }

  get bytesPerSecond(): number {
    return this.#limit.bytesPerSecond;
  }

  take(bytes: number): number {
    if (this.#limit.bytesPerSecond === 0) return this.#limit.take(bytes);
    const nowMicros = BigInt(Math.floor(this.#clock.now() * 1000));
    this.#catchUp(nowMicros);
    const delayMs = this.#stepsAside(nowMicros) ? STEP_ASIDE_MS : this.#limit.take(bytes);
    Atomics.store(this.#words, this.#at + WAITING_MICROS, delayMs > 0 ? nowMicros : 0n);
    if (delayMs === 0) this.#serve(bytes);
    return delayMs;
  }

  debit(bytes: number): void {
    this.#limit.debit(bytes);
  }

  refund(bytes: number): void {
    this.#limit.refund(bytes);
    if (this.#limit.bytesPerSecond > 0) this.#serve(-bytes);
  }

  demandBegan(): void {
    this.#limit.demandBegan();
  }

  demandEnded(): void {
    this.#limit.demandEnded();
  }

  quietMs(): number {
    return this.#limit.quietMs();
  }

  #serve(bytes: number): void {
    const weight = this.#load(this.#at, WEIGHT);
    if (weight > 0n) Atomics.add(this.#words, this.#at + SERVED, (BigInt(bytes) * SCALE) / weight);
  }

  /** Who comes, or comes back, is put beside the one that was served least. */
  #catchUp(nowMicros: bigint): void {
    const asked = this.#load(this.#at, ASKED_MICROS);
    Atomics.store(this.#words, this.#at + ASKED_MICROS, nowMicros);
    if (asked !== 0n && nowMicros - asked < AWAY_MICROS) return;
    let least: bigint | null = null;
    for (const slot of this.#others()) {
      if (nowMicros - this.#load(slot, ASKED_MICROS) >= AWAY_MICROS) continue;
      const served = this.#load(slot, SERVED);
      if (least === null || served < least) least = served;
    }
    if (least !== null) Atomics.store(this.#words, this.#at + SERVED, least);
  }

  #stepsAside(nowMicros: bigint): boolean {
    const served = this.#load(this.#at, SERVED);
    for (const slot of this.#others()) {
      const waits = nowMicros - this.#load(slot, WAITING_MICROS) < STILL_WAITING_MICROS;
      if (waits && this.#load(slot, SERVED) < served) return true;
    }
    return false;
  }

  *#others(): Generator<number> {
    for (let slot = 0; slot < this.#words.length; slot += SLOT_WORDS) {
      if (slot !== this.#at && this.#load(slot, WEIGHT) > 0n) yield slot;
    }
  }

  #load(slot: number, word: number): bigint {
    return Atomics.load(this.#words, slot + word);
  }
}
