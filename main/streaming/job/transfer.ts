import type { Clock } from '../../../shared/clock.ts';
import { DONE, err, type Err, type Failure, type Result } from '../../../shared/result.ts';
import type { Populated } from '../../block/overlay.ts';
import { RECHECK_MS, type RateLimit } from '../limits/rate-limit.ts';
import type { Plan, Planner } from './planner.ts';
import { RangeSet } from '../order/range-set.ts';
import { Wakeup } from '../waiting/wakeup.ts';
import { DemandCourtesy } from './demand-courtesy.ts';
import type { ErrorAction } from './job-events.ts';
import type { SourceWatch } from './source-watch.ts';
import type { StreamTarget } from './stream-target.ts';
import type { TransferWindow } from '../window/transfer-window.ts';

/** A limited job asks for at most what its limit lets through in this time, so that it reacts and its progress moves. */
const LIMITED_REQUEST_SECONDS = 0.25;
/** After this many requests in a row that found everything in other hands, look again only after a moment. */
const IDLE_STREAK = 8;
const IDLE_MS = 10;

export interface TransferParts {
  readonly clock: Clock;
  readonly target: StreamTarget;
  readonly planner: Planner;
  readonly window: TransferWindow;
  readonly limit: RateLimit;
  readonly source: SourceWatch;
  /** True while something comes that is more urgent than all of this. */
  readonly standsBack: () => boolean;
}

/** What a transfer asks of the job it works for. */
export interface TransferOwner {
  readonly wantsCancel: boolean;
  readonly wantsPause: boolean;
  /** Nothing is in flight any more; resolves when the transfer may go on. */
  paused(): Promise<void>;
  /** `movedBytes` more came in; the planner knows how far the whole is. */
  moved(movedBytes: number): void;
  /** Decides what a failure means, and tells whom it concerns. */
  failed(failure: Failure): ErrorAction;
  /** The source stopped answering, or answers again. */
  sourceLost(failure: Failure): void;
  sourceBack(): void;
}

/**
 * The loop of a stream job: keeps as many requests in flight as the window, the limits and the guests allow until
 * nothing is missing. One loop decides everything; requests that end only ring its bell.
 */
export class Transfer {
  readonly #parts: TransferParts;
  readonly #owner: TransferOwner;
  readonly #courtesy: DemandCourtesy;
  readonly #wakeup: Wakeup;
  #requests = 0;
  #outstandingBytes = 0;
  #idleStreak = 0;
  #idleUntilMs = -Infinity;
  #fatal: Err | null = null;
  #ignored: Err | null = null;
  /** Parts of ignored failures that are tried once more, cluster by cluster, to save what can be had. */
  readonly #salvaging = new RangeSet();

  constructor(parts: TransferParts, owner: TransferOwner) {
    this.#parts = parts;
    this.#owner = owner;
    this.#courtesy = new DemandCourtesy(parts.clock, parts.limit);
    this.#wakeup = new Wakeup(parts.clock);
  }

  get busy(): boolean {
    return this.#requests > 0;
  }

  /** Looks at the owner's wishes, rates and times again, now. */
  wake(): void {
    this.#wakeup.ring();
  }

  /**
   * Runs until nothing is missing; returns with nothing in flight.
   * @returns the first failure that was reported or ignored; `cancelled` when the owner wanted that.
   */
  async run(): Promise<Result<void>> {
    for (;;) {
      await this.#breathe();
      const ended = await this.#obey();
      if (ended !== null) return ended;
      const waitMs = await this.#step();
      if (waitMs === null) return this.#ignored ?? DONE;
      if (waitMs > 0) await this.#wakeup.wait(waitMs);
    }
  }

  /** Lets everything else in this thread have its turn, a guest's request above all. */
  #breathe(): Promise<void> {
    return new Promise((resolve) => {
      this.#parts.clock.after(0, resolve);
    });
  }

  /** Follows verbs and failures; a result when they end the transfer. */
  async #obey(): Promise<Result<void> | null> {
    while (this.#owner.wantsCancel || this.#owner.wantsPause || this.#fatal !== null) {
      await this.#drain();
      if (this.#fatal !== null) return this.#fatal;
      if (this.#owner.wantsCancel)
        return err('cancelled', `streaming into '${this.#parts.target.name}' was cancelled`);
      if (this.#owner.wantsPause) await this.#owner.paused();
    }
    return null;
  }

  async #drain(): Promise<void> {
    while (this.#requests > 0) await this.#wakeup.wait();
  }

  /** Sends one request if it may. @returns how long to wait before the next step; null when all is done. */
  async #step(): Promise<number | null> {
    const { clock, planner, window, source } = this.#parts;
    const restMs = Math.max(source.waitMs(), this.#idleUntilMs - clock.now());
    if (restMs > 0) return restMs;
    // After a loss one request at a time finds out whether the source is back.
    if (source.waiting !== null && this.#requests > 0) return Infinity;
    const size = this.#requestBytes();
    if (!window.admits(this.#outstandingBytes, size)) return Infinity;
    const requestsBefore = this.#requests;
    const plan = await planner.next(size);
    if (!plan.ok) return this.#lookUpFailed(plan);
    if (plan.value === null) {
      // What was under way while the planner looked, and was passed over for that, may have failed meanwhile.
      if (requestsBefore === 0) return null;
      return this.#requests > 0 ? Infinity : 0;
    }
    if (this.#owner.wantsCancel || this.#owner.wantsPause || this.#fatal !== null) return 0;
    const waitMs = this.#admission(plan.value);
    if (waitMs === 0) this.#send(plan.value);
    return waitMs;
  }

  #requestBytes(): number {
    const { window, limit, target } = this.#parts;
    const rate = limit.bytesPerSecond;
    if (rate === 0) return window.requestBytes;
    return Math.max(target.clusterBytes, Math.min(window.requestBytes, rate * LIMITED_REQUEST_SECONDS));
  }

  #admission(plan: Plan): number {
    if (this.#parts.standsBack()) return RECHECK_MS;
    if (!plan.urgent) {
      const courtesyMs = this.#courtesy.waitMs();
      if (courtesyMs > 0) return courtesyMs;
    }
    return Math.min(this.#parts.limit.take(plan.bytes), RECHECK_MS);
  }

  #send(plan: Plan): void {
    const { planner, window, target } = this.#parts;
    planner.began(plan);
    this.#courtesy.passed();
    const departure = window.began(plan.bytes, this.#outstandingBytes);
    this.#requests += 1;
    this.#outstandingBytes += plan.bytes;
    void target.populate(plan.ranges).then((result) => {
      this.#requests -= 1;
      this.#outstandingBytes -= plan.bytes;
      window.ended(departure, result.ok ? (result.value.fetchedBytes ?? result.value.dataBytes) : null);
      planner.ended(plan, result.ok);
      if (result.ok) this.#arrived(plan, result.value);
      else this.#failed(plan, result);
      this.wake();
    });
  }

  #arrived(plan: Plan, populated: Populated): void {
    const movedBytes = populated.dataBytes + populated.zeroBytes;
    const fetchedBytes = populated.fetchedBytes ?? movedBytes;
    this.#parts.limit.refund(Math.max(0, plan.bytes - fetchedBytes));
    this.#noteIdle(movedBytes === 0);
    if (fetchedBytes > 0 && this.#parts.source.answered()) this.#owner.sourceBack();
    this.#owner.moved(movedBytes);
  }

  #noteIdle(idle: boolean): void {
    this.#idleStreak = idle ? this.#idleStreak + 1 : 0;
    if (this.#idleStreak < IDLE_STREAK) return;
    this.#idleStreak = 0;
    this.#idleUntilMs = this.#parts.clock.now() + IDLE_MS;
  }

  #failed(plan: Plan, failed: Err): void {
    const { planner, source } = this.#parts;
    if (this.#owner.wantsCancel || this.#fatal !== null) return;
    const known = source.waiting !== null;
    if (source.lost(failed.failure)) {
      planner.retry(plan.ranges);
      if (!known) this.#owner.sourceLost(failed.failure);
      return;
    }
    const salvaging = plan.ranges.every((range) => this.#salvaging.firstGap(range) === null);
    const action = salvaging ? 'ignore' : this.#owner.failed(failed.failure);
    if (action === 'report') this.#fatal ??= failed;
    else if (action === 'stop') planner.retry(plan.ranges);
    else this.#ignore(plan, failed, salvaging);
  }

  #ignore(plan: Plan, failed: Err, salvaging: boolean): void {
    const { planner, target } = this.#parts;
    this.#ignored ??= failed;
    if (salvaging || plan.bytes <= target.clusterBytes) {
      planner.abandon(plan.ranges);
    } else {
      for (const range of plan.ranges) this.#salvaging.add(range);
      planner.retry(plan.ranges, target.clusterBytes);
    }
    this.#owner.moved(0);
  }

  /** Without the map nothing can be skipped, so "ignore" is no way out here. */
  #lookUpFailed(failed: Err): number {
    if (this.#owner.failed(failed.failure) !== 'stop') this.#fatal ??= failed;
    return 0;
  }
}
