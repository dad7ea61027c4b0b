import type { Clock } from '../../shared/clock.ts';
import type { Latency } from './simulated-device.ts';

/** A line with a round-trip time and a bandwidth; answers share it first come, first served. */
export class SimulatedLink {
  readonly #clock: Clock;
  readonly #roundTripMs: number;
  readonly #bytesPerMs: number;
  #freeAtMs = 0;

  constructor(clock: Clock, roundTripMs: number, bytesPerSecond: number) {
    this.#clock = clock;
    this.#roundTripMs = roundTripMs;
    this.#bytesPerMs = bytesPerSecond / 1000;
  }

  /** Milliseconds from now until `length` bytes asked for now have arrived. */
  readonly latency: Latency = (_operation, length) => {
    const nowMs = this.#clock.now();
    const startMs = Math.max(nowMs + this.#roundTripMs, this.#freeAtMs);
    this.#freeAtMs = startMs + length / this.#bytesPerMs;
    return this.#freeAtMs - nowMs;
  };
}
