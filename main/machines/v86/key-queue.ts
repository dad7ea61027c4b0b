import type { Clock } from '../../../shared/clock.ts';
import { DONE, err, type Result } from '../../../shared/result.ts';

/** One key in so many milliseconds, as a guest's keyboard driver, and its BIOS, surely follow. */
const KEY_INTERVAL_MS = 5;
/** A guest that does not take its keys, because it stands still or has no driver yet, is asked again. */
const BUSY_INTERVAL_MS = 20;
/** What a guest may have been sent and not taken. A busy computer has no time for each key alone. */
const MAX_UNREAD_BYTES = 8;
/** More was not typed by a person; a longer text is typed in pieces. */
const MAX_WAITING = 4096;

export interface KeyReceiver {
  send(bytes: readonly number[]): void;
  /** How many of the bytes sent the guest has not taken yet. */
  unread(): number;
}

interface Waiting {
  readonly bytes: readonly number[];
  /** Called when the guest has taken it. */
  readonly taken?: ((result: Result<void>) => void) | undefined;
}

/** Hands keys to a guest as it takes them, however fast they come: none is lost on the way. */
export class KeyQueue {
  readonly #clock: Clock;
  readonly #guest: KeyReceiver;
  #waiting: Waiting[] = [];
  #next = 0;
  /** Sent, and not known to be taken. */
  #sent: Waiting[] = [];
  #lastAt = Number.NEGATIVE_INFINITY;
  #cancelNext: (() => void) | null = null;

  constructor(clock: Clock, guest: KeyReceiver) {
    this.#clock = clock;
    this.#guest = guest;
  }

  /** One key. Lost when so many wait already that nobody typed them. */
  push(bytes: readonly number[]): void {
    if (this.#room < 1) return;
    this.#waiting.push({ bytes });
    this.#start();
  }

  /** Several keys; resolves when the guest has taken the last one. Fails with `busy` when they are too many at once. */
  type(keys: readonly (readonly number[])[]): Promise<Result<void>> {
    const last = keys.at(-1);
    if (last === undefined) return Promise.resolve(DONE);
    if (this.#room < keys.length) {
      return Promise.resolve(err('busy', 'The guest has not taken the keys typed before'));
    }
    return new Promise((resolve) => {
      for (const bytes of keys.slice(0, -1)) this.#waiting.push({ bytes });
      this.#waiting.push({ bytes: last, taken: resolve });
      this.#start();
    });
  }

  /** Forgets what waits: the machine is reset or goes off. */
  clear(reason: string): void {
    const lost = [...this.#sent, ...this.#waiting.slice(this.#next)];
    this.#waiting = [];
    this.#next = 0;
    this.#sent = [];
    this.#cancelNext?.();
    this.#cancelNext = null;
    for (const waiting of lost) waiting.taken?.(err('closed', reason));
  }

  get #room(): number {
    return MAX_WAITING - (this.#waiting.length - this.#next);
  }

  #start(): void {
    if (this.#cancelNext === null) this.#step();
  }

  #step(): void {
    this.#cancelNext = null;
    const unread = this.#guest.unread();
    if (unread === 0) {
      for (const { taken } of this.#sent) taken?.(DONE);
      this.#sent = [];
    }
    this.#sendSome();
    if (this.#next < this.#waiting.length || this.#sent.length > 0) {
      const delayMs = unread > 0 ? BUSY_INTERVAL_MS : KEY_INTERVAL_MS;
      this.#cancelNext = this.#clock.after(delayMs, () => this.#step());
    } else {
      this.#waiting = [];
      this.#next = 0;
    }
  }

  /** As many as are due since the last time, while the guest takes them. */
  #sendSome(): void {
    const now = this.#clock.now();
    let due = Math.floor((now - this.#lastAt) / KEY_INTERVAL_MS);
    for (; due > 0 && this.#guest.unread() < MAX_UNREAD_BYTES; due--) {
      const waiting = this.#waiting[this.#next];
      if (waiting === undefined) return;
      this.#next++;
      this.#sent.push(waiting);
      this.#lastAt = now;
      this.#guest.send(waiting.bytes);
    }
  }
}
