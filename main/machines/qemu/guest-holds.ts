import type { Clock } from '../../../shared/clock.ts';
import type { DiskWait, MachineState } from '../machine.ts';

/** How long until a guest that stands still for a failed read tries it again. */
const READ_AGAIN_MS = 2000;

export interface HoldEvents {
  /** What is waited for, or what it makes of the machine's state, is another. */
  readonly onChange: () => void;
  /** A read that failed is to be tried again: the guest is to go on. Resolves when QEMU has heard of it. */
  readonly onReadAgain: () => Promise<unknown>;
}

/**
 * What a guest in QEMU stands still for, and what it waits for. That it stands or goes is believed when QEMU says so,
 * which may be long after it was told to.
 */
export class GuestHolds {
  readonly #clock: Clock;
  readonly #events: HoldEvents;
  /** What the user wants; the last wish counts, whatever comes of those before. */
  #isToStand = false;
  #byUser = false;
  /** A request that failed, for which QEMU has stopped. */
  #failed: DiskWait | null = null;
  /** A read that waits for its source; QEMU and its guest go on meanwhile. */
  #slow: DiskWait | null = null;
  #cancelRetry: () => void = () => undefined;

  constructor(clock: Clock, events: HoldEvents) {
    this.#clock = clock;
    this.#events = events;
  }

  get wait(): DiskWait | null {
    return this.#failed ?? this.#slow;
  }

  /** Of a machine that is on. */
  get state(): MachineState {
    if (this.#byUser) return { kind: 'paused', by: 'user' };
    return this.#failed === null ? { kind: 'running' } : { kind: 'paused', by: 'disk', wait: this.#failed };
  }

  /** The request that failed and is only made again when the user says so. */
  get unstored(): DiskWait | null {
    return this.#failed?.retries === 'on-resume' ? this.#failed : null;
  }

  /** The user wants it to stand still, or to go on. */
  wish(what: 'stand' | 'go'): void {
    this.#isToStand = what === 'stand';
    if (this.#failed !== null) this.#retryLater(this.#failed);
  }

  /** It stands still: as the user wants it, or for a request that failed, or to be ended. */
  stands(): void {
    if (this.#isToStand) this.#byUser = true;
    this.#events.onChange();
  }

  /** It goes on, and makes again what failed. */
  goes(): void {
    this.#byUser = false;
    this.#failed = null;
    this.#events.onChange();
  }

  slow(wait: DiskWait | null): void {
    this.#slow = wait;
    this.#events.onChange();
  }

  failed(wait: DiskWait): void {
    this.#failed = wait;
    this.#events.onChange();
    this.#retryLater(wait);
  }

  /** There is no guest any more. */
  clear(): void {
    this.#cancelRetry();
    this.#isToStand = this.#byUser = false;
    this.#failed = this.#slow = null;
    this.#events.onChange();
  }

  #retryLater(wait: DiskWait): void {
    this.#cancelRetry();
    if (wait.retries !== 'by-itself') return;
    this.#cancelRetry = this.#clock.after(READ_AGAIN_MS, () => void this.#readAgain(wait));
  }

  async #readAgain(wait: DiskWait): Promise<void> {
    if (this.#failed !== wait || this.#isToStand) return;
    await this.#events.onReadAgain();
    // QEMU says when it goes on; where it refused, it is asked again.
    if (this.#failed === wait) this.#retryLater(wait);
  }
}
