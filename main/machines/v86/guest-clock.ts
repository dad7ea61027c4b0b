/**
 * The guest's time: that of the host, but standing still while the emulator does. Without it a guest that was paused
 * finds itself seconds or hours later in the middle of an instruction: Linux reports a stuck processor and gives up on
 * requests that seem to have waited for ever. As with other PCs, the battery-backed clock goes on meanwhile; a guest
 * that wants the right time of day after a pause asks it.
 */
export class GuestClock {
  readonly #hostNow: () => number;
  /** How far the guest is behind the host, in milliseconds. */
  #behindMs = 0;
  #stoppedAt: number | null;

  /** @param hostNow milliseconds of a clock that never goes back. The guest's clock begins stopped. */
  constructor(hostNow: () => number) {
    this.#hostNow = hostNow;
    this.#stoppedAt = hostNow();
  }

  now(): number {
    return (this.#stoppedAt ?? this.#hostNow()) - this.#behindMs;
  }

  go(): void {
    if (this.#stoppedAt === null) return;
    this.#behindMs += this.#hostNow() - this.#stoppedAt;
    this.#stoppedAt = null;
  }

  stop(): void {
    this.#stoppedAt ??= this.#hostNow();
  }
}
