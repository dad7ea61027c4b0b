import type { Clock } from '../../../shared/clock.ts';
import type { Engine } from './pause-gate.ts';

/** A guest whose clock stood still for longer than this is told the time. */
const NOTICEABLE_MS = 1000;
const SECOND_MS = 1000;
const ENTROPY_BYTES = 32;
const IDENTITY_BYTES = 16;
/** What a guest says when it has done what `rest` asks for. It has to write its caches, and to fill its memory. */
const RESTED = 'rested';
const LONGEST_REST_MS = 120_000;
/** What a guest says first: that it listens, and the version of what it understands. */
const GREETING = 'headwater-guest 1';
const MAX_LINE_CHARS = 64;

export interface HostLineParts {
  readonly clock: Clock;
  /** Milliseconds since 1970. */
  readonly nowMs: () => number;
  readonly random: (bytes: number) => Uint8Array;
  readonly send: (bytes: Uint8Array) => void;
}

/**
 * What a host tells its guest, in lines of text over the second serial port (`docs/host-line.md`): the time after it
 * stood still for the guest, and fresh randomness after it went on from a saved state, since whoever goes on from the
 * same state has the same random numbers. Where others go on from it too, it is told who it is from now on. Nothing is
 * said to a guest that did not greet.
 */
export class HostLine {
  readonly #parts: HostLineParts;
  #listens = false;
  #line = '';
  #stoppedAtMs: number | null = null;
  #timeIsDue = false;
  #entropyIsDue = false;
  #identityIsDue = false;
  #rested: () => void = () => undefined;
  #cancelTime: () => void = () => undefined;

  constructor(parts: HostLineParts) {
    this.#parts = parts;
  }

  /** Whether the guest listens; belongs to what is saved of it. */
  get listens(): boolean {
    return this.#listens;
  }

  /**
   * The guest is one that was saved, however long ago, and perhaps goes on more than once.
   * @param shared whether that is what it was saved for: then it is another machine than the one that was saved
   */
  restored(listens: boolean, shared: boolean): void {
    this.#listens = listens;
    this.#timeIsDue = true;
    this.#entropyIsDue = true;
    this.#identityIsDue = shared;
  }

  /**
   * Asks the guest to write what it holds back, and to put zeroes into memory that it does not need: a saved state is much
   * smaller then. Resolves when it has, or has taken too long; false when it does not listen, or did not answer.
   */
  async rest(): Promise<boolean> {
    if (!this.#listens) return false;
    const over = new Promise<boolean>((resolve) => {
      const cancel = this.#parts.clock.after(LONGEST_REST_MS, () => resolve(false));
      this.#rested = () => {
        cancel();
        resolve(true);
      };
    });
    this.#say('rest');
    return over;
  }

  /** The guest begins anew, and may not listen any more. */
  reset(): void {
    this.#listens = false;
    this.#line = '';
    this.#stop();
  }

  /** The emulator, with the guest told what it missed whenever it goes on. */
  around(engine: Engine): Engine {
    const { clock } = this.#parts;
    return {
      run: async () => {
        await engine.run();
        if (this.#stoppedAtMs !== null && clock.now() - this.#stoppedAtMs >= NOTICEABLE_MS) {
          this.#timeIsDue = true;
        }
        this.#stoppedAtMs = null;
        this.#tell();
      },
      stop: async () => {
        await engine.stop();
        this.#stoppedAtMs = clock.now();
        this.#stop();
      },
    };
  }

  /** A byte from the guest. */
  hear(byte: number): void {
    const character = String.fromCharCode(byte);
    if (character !== '\n' && character !== '\r') {
      if (this.#line.length <= MAX_LINE_CHARS) this.#line += character;
      return;
    }
    if (this.#line === GREETING) {
      this.#listens = true;
      // What the guest may have been told before it could listen is old by now.
      this.#timeIsDue = true;
      this.#tell();
    }
    if (this.#line === RESTED) this.#rested();
    this.#line = '';
  }

  #tell(): void {
    if (!this.#listens) return;
    if (this.#entropyIsDue) {
      this.#entropyIsDue = false;
      this.#say(`entropy ${Buffer.from(this.#parts.random(ENTROPY_BYTES)).toString('hex')}`);
    }
    if (this.#identityIsDue) {
      this.#identityIsDue = false;
      this.#say(`identity ${Buffer.from(this.#parts.random(IDENTITY_BYTES)).toString('hex')}`);
    }
    if (this.#timeIsDue) this.#tellTime();
  }

  /** At the full second: not every guest can set its clock to less. */
  #tellTime(): void {
    const { clock, nowMs } = this.#parts;
    this.#cancelTime();
    const waitMs = SECOND_MS - (nowMs() % SECOND_MS);
    this.#cancelTime = clock.after(waitMs, () => {
      this.#timeIsDue = false;
      this.#say(`time ${Math.round(nowMs() / SECOND_MS)}`);
    });
  }

  #stop(): void {
    this.#cancelTime();
    this.#cancelTime = () => undefined;
  }

  #say(line: string): void {
    this.#parts.send(Buffer.from(`${line}\n`, 'latin1'));
  }
}
