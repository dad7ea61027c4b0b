import type { Clock } from '../../../shared/clock.ts';

/** The emulated port holds 4 KiB and overwrites them when more comes; a real one holds 16 bytes. */
const PORT_BYTES = 512;
const BUSY_INTERVAL_MS = 5;
/** What waits for a guest that reads nothing; more than a person types or pastes. */
const MAX_WAITING_BYTES = 1 << 20;

export interface SerialReceiver {
  send(bytes: Uint8Array): void;
  /** How many bytes the guest has not read yet. */
  unread(): number;
}

/** Hands bytes to the guest's serial port as the guest reads them. */
export class SerialInput {
  readonly #clock: Clock;
  readonly #port: SerialReceiver;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #cancelNext: (() => void) | null = null;

  constructor(clock: Clock, port: SerialReceiver) {
    this.#clock = clock;
    this.#port = port;
  }

  /** @returns whether they were taken: not when too many wait already */
  push(bytes: Uint8Array): boolean {
    if (this.#waitingBytes + bytes.length > MAX_WAITING_BYTES) return false;
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
    if (this.#cancelNext === null) this.#step();
    return true;
  }

  clear(): void {
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#cancelNext?.();
    this.#cancelNext = null;
  }

  #step(): void {
    this.#cancelNext = null;
    for (let room = PORT_BYTES - this.#port.unread(); room > 0;) {
      const first = this.#waiting.shift();
      if (first === undefined) return;
      const now = first.subarray(0, room);
      if (now.length < first.length) this.#waiting.unshift(first.subarray(now.length));
      this.#waitingBytes -= now.length;
      room -= now.length;
      this.#port.send(now);
    }
    if (this.#waitingBytes > 0) {
      this.#cancelNext = this.#clock.after(BUSY_INTERVAL_MS, () => this.#step());
    }
  }
}
