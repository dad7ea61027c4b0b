import type { Clock } from '../../../shared/clock.ts';

const MAX_BATCH_BYTES = 4096;

/** Joins the bytes that a guest sends one by one into one message for each turn of the emulator. */
export class SerialOutput {
  readonly #clock: Clock;
  readonly #deliver: (bytes: Uint8Array<ArrayBuffer>) => void;
  readonly #batch = new Uint8Array(MAX_BATCH_BYTES);
  #length = 0;
  #cancelDelivery: (() => void) | null = null;

  constructor(clock: Clock, deliver: (bytes: Uint8Array<ArrayBuffer>) => void) {
    this.#clock = clock;
    this.#deliver = deliver;
  }

  push(byte: number): void {
    this.#batch[this.#length++] = byte;
    if (this.#length === MAX_BATCH_BYTES) this.flush();
    else this.#cancelDelivery ??= this.#clock.after(0, () => this.flush());
  }

  /** Delivers what is there. */
  flush(): void {
    this.#cancelDelivery?.();
    this.#cancelDelivery = null;
    if (this.#length === 0) return;
    const bytes = this.#batch.slice(0, this.#length);
    this.#length = 0;
    this.#deliver(bytes);
  }
}
