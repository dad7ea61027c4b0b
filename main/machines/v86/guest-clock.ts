/**
 * The guest's time: that of the host, but standing still while the emulator does. Without it a guest that was paused
 * finds itself seconds or hours later in the middle of an instruction: Linux reports a stuck processor and gives up on
 * requests that seem to have waited for ever. A guest that goes on from a saved state goes on with the time saved in it.
 *
 * As with other PCs, the battery-backed clock goes on meanwhile; a guest that wants the right time of day asks it, or
 * listens to what its host says (`host-line.ts`).
 */
export class GuestClock {
  readonly #hostNow: () => number;
  /** How far the guest is behind the host, in milliseconds. */
  #behindMs: number;
  #stoppedAt: number | null;

  /**
   * The guest's clock begins stopped.
   * @param hostNow milliseconds of a clock that never goes back
   * @param beginMs what the guest's clock begins with
   */
  constructor(hostNow: () => number, beginMs = hostNow()) {
    this.#hostNow = hostNow;
    this.#stoppedAt = hostNow();
    this.#behindMs = this.#stoppedAt - beginMs;
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
