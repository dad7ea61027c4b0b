import type { Clock } from '../../../shared/clock.ts';
import { MIB } from '../../../shared/units.ts';
import { PeakFilter } from './peak-filter.ts';
import type { Departure, TransferWindow } from './transfer-window.ts';

/** Time that requests may queue somewhere on the way: what a guest read behind them waits at most in addition. */
const QUEUE_MS = 10;
/** Requests that fill the window together. */
const PIECES = 8;
const LARGEST_REQUEST_BYTES = MIB;
/**
 * So many are under way however long each is: the next ones have to be asked for while others arrive. Answers share the
 * line, so that two which left together end together, and nothing comes for a round trip; of three one is still coming.
 */
const LEAST_REQUESTS = 3;
const LARGEST_WINDOW_BYTES = 32 * MIB;
/** Rates and service times older than this are measured again. */
const MEMORY_MS = 10_000;
const REMEASURE_MS = 20_000;
/** A round that brought less than this factor more ends the search for the line's rate. */
const GROWTH = 1.25;

interface Service {
  readonly ms: number;
  readonly atMs: number;
}

/**
 * A congestion window for ranges fetched over a network, delay-based in the manner of LEDBAT (RFC 6817) and BBR.
 *
 * It keeps outstanding what the line delivers in the time one request takes when nothing queues, plus a small queue:
 * `best rate seen * (best service time seen for this size + 10 ms)`. While nothing queues, that is more than the
 * window, which therefore grows; once requests queue, the rate stops rising and with it the window. It begins with a few
 * requests and may double every round. From time to time one request travels alone, so that a queue of our own making is
 * never taken for the length of the line.
 */
export class AdaptiveWindow implements TransferWindow {
  readonly #clock: Clock;
  readonly #smallestBytes: number;
  readonly #rate: PeakFilter;
  /** Best service time per size of request. */
  readonly #best = new Map<number, Service>();
  #windowBytes: number;
  #underWay = 0;
  #deliveredBytes = 0;
  #searching = true;
  #roundEndBytes = 0;
  #roundRate = 0;
  #measuring = false;

  /** @param smallestBytes what is worth a request; what is asked for in one may still be shorter, or longer */
  constructor(clock: Clock, smallestBytes: number) {
    this.#clock = clock;
    this.#smallestBytes = smallestBytes;
    this.#windowBytes = 2 * smallestBytes;
    this.#rate = new PeakFilter(clock, MEMORY_MS);
  }

  get windowBytes(): number {
    return this.#windowBytes;
  }

  get requestBytes(): number {
    const share = Math.min(this.#windowBytes / PIECES, LARGEST_REQUEST_BYTES);
    const size = 2 ** Math.floor(Math.log2(Math.max(share, 1)));
    return Math.max(size, this.#smallestBytes);
  }

  admits(outstandingBytes: number, bytes: number): boolean {
    if (outstandingBytes === 0) return true;
    if (this.#measuring) return false;
    return this.#underWay < LEAST_REQUESTS || outstandingBytes + bytes <= this.#windowBytes;
  }

  began(bytes: number, outstandingBytes: number): Departure {
    this.#underWay++;
    return {
      atMs: this.#clock.now(),
      bytes,
      deliveredBytes: this.#deliveredBytes,
      alone: this.#measuring && outstandingBytes === 0,
    };
  }

  ended(departure: Departure, fetchedBytes: number | null): void {
    this.#underWay--;
    if (fetchedBytes === null) {
      this.#windowBytes = Math.max(this.#windowBytes / 2, 2 * this.#smallestBytes);
      return;
    }
    // What was known to be zero, or left to others, says nothing about the line.
    if (fetchedBytes < departure.bytes / 2) return;
    const elapsedMs = Math.max(this.#clock.now() - departure.atMs, 0.01);
    this.#deliveredBytes += fetchedBytes;
    this.#rate.add((this.#deliveredBytes - departure.deliveredBytes) / elapsedMs);
    const service = this.#noteService(departure, elapsedMs);
    this.#closeRound(departure);
    const goalBytes = this.#rate.peak() * (service.ms + QUEUE_MS);
    this.#approach(this.#searching ? 2 * goalBytes : goalBytes, fetchedBytes);
  }

  #noteService(departure: Departure, elapsedMs: number): Service {
    const nowMs = this.#clock.now();
    const size = 2 ** Math.round(Math.log2(departure.bytes));
    const known = this.#best.get(size);
    const fresh = { ms: elapsedMs, atMs: nowMs };
    const replaces = known === undefined || elapsedMs <= known.ms || departure.alone;
    if (replaces) this.#best.set(size, fresh);
    if (departure.alone) this.#measuring = false;
    else if (known === undefined ? !this.#searching : nowMs - known.atMs > REMEASURE_MS)
      this.#measuring = true;
    return replaces ? fresh : known;
  }

  /** A round is over when what left at its beginning has arrived. */
  #closeRound(departure: Departure): void {
    if (!this.#searching || departure.deliveredBytes < this.#roundEndBytes) return;
    const rate = this.#rate.peak();
    // The first rounds carry too little to tell growth from noise.
    if (this.#roundRate > 0 && rate < this.#roundRate * GROWTH) {
      this.#searching = false;
      this.#measuring = true;
    }
    this.#roundRate = rate;
    this.#roundEndBytes = this.#deliveredBytes;
  }

  #approach(goalBytes: number, arrivedBytes: number): void {
    const next =
      goalBytes > this.#windowBytes
        ? Math.min(goalBytes, this.#windowBytes + arrivedBytes)
        : Math.max(goalBytes, this.#windowBytes - arrivedBytes);
    this.#windowBytes = Math.min(Math.max(next, 2 * this.#smallestBytes), LARGEST_WINDOW_BYTES);
  }
}
