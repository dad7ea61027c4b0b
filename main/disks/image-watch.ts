import type { Clock } from '../../shared/clock.ts';
import { OneAtATime } from '../../shared/one-at-a-time.ts';
import type { FileFacts } from './disk-view.ts';

/** Counting in an image that is written may take this part of the time. */
const LOOK_SHARE = 1 / 20;
const SHORTEST_PAUSE_MS = 1000;
const NOTHING_KNOWN: FileFacts = {
  localBytes: null,
  standalone: false,
  bootMissingBytes: null,
  fileBytes: 0,
  problem: null,
};

/** What was found out, and how long that took, in milliseconds. */
export interface Look {
  readonly facts: FileFacts;
  readonly tookMs: number;
}

/** What an image file is known to be, from looking at it now and then. */
export class ImageWatch {
  readonly #clock: Clock;
  readonly #survey: () => Promise<Look>;
  #facts = NOTHING_KNOWN;
  readonly #looks = new OneAtATime();
  #nextMs = 0;
  /** Counts the files that were watched: what is found out of one is not said of the next. */
  #file = 0;

  /** @param survey looks at the file; quick where nothing has changed since the last time */
  constructor(clock: Clock, survey: () => Promise<Look>) {
    this.#clock = clock;
    this.#survey = survey;
  }

  get facts(): FileFacts {
    return this.#facts;
  }

  /** Whether looking again would not take more than its share of the time. */
  get isDue(): boolean {
    return this.#clock.now() >= this.#nextMs;
  }

  /** Looks again. One look at a time: who comes meanwhile waits for one that began after. */
  look(): Promise<void> {
    return this.#looks.run(() => this.#lookNow());
  }

  /** It is another image from now on: nothing is known of it yet. */
  startAnew(): void {
    this.#file += 1;
    this.#facts = NOTHING_KNOWN;
    this.#nextMs = 0;
  }

  async #lookNow(): Promise<void> {
    const file = this.#file;
    const { facts, tookMs } = await this.#survey();
    if (file !== this.#file) return;
    this.#facts = facts;
    this.#nextMs = this.#clock.now() + Math.max(SHORTEST_PAUSE_MS, tookMs / LOOK_SHARE);
  }
}
