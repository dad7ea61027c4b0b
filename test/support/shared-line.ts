import type { SimulatedClock } from './simulated-clock.ts';

/** What the line carries of one answer before another has its turn. */
const TURN_BYTES = 16 * 1024;

/** A line of some bandwidth that answers under way share evenly, as connections do, each a round trip after its request. */
export class SharedLine {
  readonly #clock: SimulatedClock;
  readonly #roundTripMs: number;
  readonly #bytesPerMs: number;
  readonly #answers: { leftBytes: number; readonly arrived: () => void }[] = [];
  #sending = false;

  constructor(clock: SimulatedClock, roundTripMs: number, bytesPerSecond: number) {
    this.#clock = clock;
    this.#roundTripMs = roundTripMs;
    this.#bytesPerMs = bytesPerSecond / 1000;
  }

  /** Resolves when `bytes` asked for now have arrived. */
  async fetch(bytes: number): Promise<void> {
    await this.#clock.delay(this.#roundTripMs);
    await new Promise<void>((arrived) => {
      this.#answers.push({ leftBytes: bytes, arrived });
      if (!this.#sending) void this.#send();
    });
  }

  async #send(): Promise<void> {
    this.#sending = true;
    for (let answer = this.#answers.shift(); answer !== undefined; answer = this.#answers.shift()) {
      const bytes = Math.min(answer.leftBytes, TURN_BYTES);
      await this.#clock.delay(bytes / this.#bytesPerMs);
      answer.leftBytes -= bytes;
      if (answer.leftBytes > 0) this.#answers.push(answer);
      else answer.arrived();
    }
    this.#sending = false;
  }
}
