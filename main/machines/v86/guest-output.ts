import type { Clock } from '../../../shared/clock.ts';
import { RecentOutput } from './recent-output.ts';
import { SerialOutput } from './serial-output.ts';

/** What a guest prints at its serial line, with the last of it for those that come later. */
export class GuestOutput {
  readonly #deliver: (bytes: Uint8Array<ArrayBuffer>) => void;
  readonly #serial: SerialOutput;
  readonly #recent = new RecentOutput();
  /** What a guest that was saved had printed. */
  #before: Uint8Array = new Uint8Array();

  constructor(clock: Clock, deliver: (bytes: Uint8Array<ArrayBuffer>) => void) {
    this.#deliver = deliver;
    this.#serial = new SerialOutput(clock, (bytes) => this.#print(bytes));
  }

  push(byte: number): void {
    this.#serial.push(byte);
  }

  /** Delivers what is there. */
  flush(): void {
    this.#serial.flush();
  }

  /** The last it printed, one character for each byte. */
  get recent(): string {
    return this.#recent.text;
  }

  /** The guest goes on from a state: what it had {@link recent | printed} then. */
  restored(printed: string): void {
    this.#before = Buffer.from(printed, 'latin1');
  }

  /** Whoever started the guest listens now, and gets to see what it printed before. */
  repeat(): void {
    if (this.#before.length > 0) this.#print(this.#before);
  }

  #print(bytes: Uint8Array): void {
    this.#recent.add(bytes);
    this.#deliver(Uint8Array.from(bytes));
  }
}
