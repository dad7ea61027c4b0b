import { sleep, type Clock } from '../../../shared/clock.ts';

/**
 * What a consumer of bandwidth sees: one bucket, or a chain of them. Bytes are those read from a backing device.
 *
 * There are two kinds of consumer. *Demand* (a guest waits for the bytes) never waits: it is debited, and background
 * work pays. *Background* takes before it sends and waits while the account is overdrawn.
 */
export interface RateLimit {
  /** The lowest rate that applies, in bytes per second; 0 when there is none. */
  readonly bytesPerSecond: number;
  /**
   * Takes `bytes` for background work when nothing is owed; the amount itself may overdraw the account and is paid
   * afterwards, as in QEMU's limiter.
   * @returns 0 when taken, else how many milliseconds to wait before asking again. Ask earlier than that: a rate
   * that changes meanwhile changes the answer.
   */
  take(bytes: number): number;
  /** Accounts for `bytes` of demand without waiting. */
  debit(bytes: number): void;
  /** Gives back what was taken and not used. */
  refund(bytes: number): void;
  /** A guest began to wait for the network; background work of every thread should stand back. */
  demandBegan(): void;
  demandEnded(): void;
  /** Milliseconds since a guest last waited; 0 while one does, `Infinity` when none ever did. */
  quietMs(): number;
}

/** How long a waiter sleeps at most before it looks again: the delay with which a change of rate is noticed. */
export const RECHECK_MS = 50;

/** Takes `bytes`, waiting as long as needed; false when `signal` aborted first. */
export async function acquire(
  limit: RateLimit,
  bytes: number,
  clock: Clock,
  signal?: AbortSignal,
): Promise<boolean> {
  for (;;) {
    if (signal?.aborted) return false;
    const delayMs = limit.take(bytes);
    if (delayMs === 0) return true;
    await sleep(clock, Math.min(delayMs, RECHECK_MS), signal);
  }
}
