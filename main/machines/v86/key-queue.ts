import type { Clock } from '../../../shared/clock.ts';
import { DONE, err, type Result } from '../../../shared/result.ts';

/** As fast as a guest's keyboard driver, and its BIOS, surely follow. */
const KEY_INTERVAL_MS = 5;
/** A guest that does not take its keys, because it stands still or has no driver yet, is asked again. */
const BUSY_INTERVAL_MS = 20;
/** More was not typed by a person; a longer text is typed in pieces. */
const MAX_WAITING = 4096;

export interface KeyReceiver {
  send(bytes: readonly number[]): void;
  /** Whether the guest has taken all that was sent. */
  isReady(): boolean;
}

interface Waiting {
  readonly bytes: readonly number[];
  /** Called when the guest is ready for what comes after it. */
  readonly taken?: ((result: Result<void>) => void) | undefined;
}

/** Hands keys to a guest one after the other, as it takes them, however fast they come: none is lost on the way. */
export class KeyQueue {
  readonly #clock: Clock;
  readonly #guest: KeyReceiver;
  #waiting: Waiting[] = [];
  #next = 0;
  #cancelNext: (() => void) | null = null;
  #last: Waiting | null = null;

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
    const [first, ...others] = keys;
    if (first === undefined) return Promise.resolve(DONE);
    if (this.#room < keys.length) {
      return Promise.resolve(err('busy', 'The guest has not taken the keys typed before'));
    }
    return new Promise((resolve) => {
      const all = [first, ...others];
      this.#waiting.push(
        ...all.map((bytes, index) => ({ bytes, taken: index === all.length - 1 ? resolve : undefined })),
      );
      this.#start();
    });
  }

  /** Forgets what waits: the machine is reset or goes off. */
  clear(reason: string): void {
    const lost = [this.#last, ...this.#waiting.slice(this.#next)];
    this.#waiting = [];
    this.#next = 0;
    this.#last = null;
    this.#cancelNext?.();
    this.#cancelNext = null;
    for (const waiting of lost) waiting?.taken?.(err('closed', reason));
  }

  get #room(): number {
    return MAX_WAITING - (this.#waiting.length - this.#next);
  }

  #start(): void {
    if (this.#cancelNext === null) this.#step();
  }

  #step(): void {
    this.#cancelNext = null;
    if (!this.#guest.isReady()) return this.#stepAfter(BUSY_INTERVAL_MS);
    this.#last?.taken?.(DONE);
    this.#last = null;
    const waiting = this.#waiting[this.#next];
    if (waiting === undefined) {
      this.#waiting = [];
      this.#next = 0;
      return;
    }
    this.#next++;
    this.#last = waiting;
    this.#guest.send(waiting.bytes);
    this.#stepAfter(KEY_INTERVAL_MS);
  }

  #stepAfter(delayMs: number): void {
    this.#cancelNext = this.#clock.after(delayMs, () => this.#step());
  }
}
