import type { Clock } from '../../../shared/clock.ts';
import { MIB } from '../../../shared/units.ts';
import type { Range } from '../../block/range.ts';
import type { GuestAccess } from './guest-access.ts';
import { BootRecorder } from './boot-recorder.ts';

/** A guest that has asked nothing of its disk for so long may have booted, or wait for its user; unless told otherwise. */
const QUIET_MS = 15_000;
/** Whatever reads more than this is not booting any more. */
const MOST_BYTES = 512 * MIB;

/** How the end of a boot was recognised. A login prompt is certain, quiet is a guess. */
export type BootEnd = 'login' | 'quiet';

export interface BootWatchParts {
  readonly clock: Clock;
  /** Length of the source in bytes. */
  readonly sourceBytes: number;
  /** Milliseconds since a guest last waited for the source; 0 while one does, `Infinity` when none ever did. */
  readonly sinceDemandMs: () => number;
  /** How long a disk that nobody reads means the end of the boot, at least, in milliseconds. */
  readonly quietMs?: number | undefined;
  /** Called once, with what the boot read in order of first use. */
  readonly done: (ranges: readonly Range[], end: BootEnd) => void;
}

/**
 * Records one boot. It is over when somebody has seen the guest's login prompt ({@link finish}), or when the guest
 * has left its disk alone for as long as it took so far: on a slow machine a guest is busy with itself for longer. Time it
 * spends waiting for its source does not count as that.
 */
export class BootWatch {
  readonly #parts: BootWatchParts;
  readonly #recorder: BootRecorder;
  readonly #quietMs: number;
  #firstAccessMs = 0;
  #lastAccessMs = 0;
  #cancelTimer: () => void = () => {};
  #state: 'idle' | 'recording' | 'over' = 'idle';

  constructor(parts: BootWatchParts) {
    this.#parts = parts;
    this.#quietMs = parts.quietMs ?? QUIET_MS;
    this.#recorder = new BootRecorder(MOST_BYTES, parts.sourceBytes);
  }

  note(access: GuestAccess): void {
    if (this.#state === 'over') return;
    this.#lastAccessMs = this.#parts.clock.now();
    if (access.kind === 'write') return this.#recorder.wrote(access);
    this.#recorder.note(access);
    if (this.#state === 'idle') {
      this.#state = 'recording';
      this.#firstAccessMs = this.#lastAccessMs;
      this.#lookAfter(this.#quietMs);
    }
    if (this.#recorder.full) this.#end('quiet');
  }

  /** The guest has booted: its login prompt is there. Without a read so far there is nothing to tell. */
  finish(): void {
    if (this.#state === 'recording') this.#end('login');
  }

  /** Gives the recording up. */
  stop(): void {
    this.#state = 'over';
    this.#cancelTimer();
  }

  #lookAfter(delayMs: number): void {
    this.#cancelTimer = this.#parts.clock.after(delayMs, () => {
      const sinceAccessMs = this.#parts.clock.now() - this.#lastAccessMs;
      const quietMs = Math.min(sinceAccessMs, this.#parts.sinceDemandMs());
      const enoughMs = Math.max(this.#quietMs, this.#lastAccessMs - this.#firstAccessMs);
      if (quietMs >= enoughMs) this.#end('quiet');
      else this.#lookAfter(enoughMs - quietMs);
    });
  }

  #end(end: BootEnd): void {
    this.stop();
    this.#parts.done(this.#recorder.profile(), end);
  }
}
