import type { Clock } from '../../../../shared/clock.ts';

/** As fast as a guest's keyboard driver, and its BIOS, surely follow. */
const KEY_INTERVAL_MS = 5;
/** A page of text; what is more was not typed by a person. */
const MAX_WAITING = 16_384;

/** Hands keys to the guest one after the other, however fast they come: pasted text comes all at once. */
export class KeyQueue {
  readonly #clock: Clock;
  readonly #send: (bytes: readonly number[]) => void;
  readonly #waiting: (readonly number[])[] = [];
  #next = 0;
  #resting = false;

  constructor(clock: Clock, send: (bytes: readonly number[]) => void) {
    this.#clock = clock;
    this.#send = send;
  }

  push(bytes: readonly number[]): void {
    if (this.#waiting.length - this.#next >= MAX_WAITING) return;
    this.#waiting.push(bytes);
    if (!this.#resting) this.#sendNext();
  }

  #sendNext(): void {
    const bytes = this.#waiting[this.#next];
    if (bytes === undefined) {
      this.#waiting.length = 0;
      this.#next = 0;
      this.#resting = false;
      return;
    }
    this.#next++;
    this.#resting = true;
    this.#send(bytes);
    this.#clock.after(KEY_INTERVAL_MS, () => this.#sendNext());
  }
}
