import { ok, type Result } from '../../../shared/result.ts';
import { alignDown, alignUp } from '../../../shared/units.ts';
import { rangeEnd, type Range } from '../../block/range.ts';
import type { StreamTarget } from './stream-target.ts';
import type { OrderPolicy } from '../order/order-policy.ts';
import { RangeSet } from '../order/range-set.ts';

/** What to ask for in one request. */
export interface Plan {
  readonly ranges: readonly Range[];
  readonly bytes: number;
  readonly urgent: boolean;
  readonly wantedBy: string;
}

/** Holes put into one request: more would only make it slow to plan and long to wait for. */
const MOST_RANGES = 32;

/**
 * Decides what to fetch next: first what failed and is to be tried again, then the wishes of the order policies, then
 * the ascending sweep. Knows what is under way, so nothing is asked for twice, and what was settled, for progress.
 *
 * The sweep is repeated until it meets nothing that is missing, so what a policy, a racing guest or a claim in other
 * hands made it pass over is found again. {@link next} changes no state: plan, look whether there is room, and
 * either call {@link began} or forget the plan.
 */
export class Planner {
  readonly #target: StreamTarget;
  readonly #policies: readonly OrderPolicy[];
  readonly #wishes: (Range | null)[];
  readonly #underWay = new RangeSet();
  readonly #abandoned = new RangeSet();
  readonly #settled = new RangeSet();
  #retries: Range[] = [];
  #sweepFrom = 0;

  constructor(target: StreamTarget, policies: readonly OrderPolicy[]) {
    this.#target = target;
    this.#policies = policies;
    this.#wishes = policies.map(() => null);
  }

  /** Bytes of the device known to be done with: local, zero, or given up. */
  get settledBytes(): number {
    return this.#settled.totalBytes;
  }

  /** The next request, of at most `mostBytes` (at least one cluster); null when nothing free is missing. */
  async next(mostBytes: number): Promise<Result<Plan | null>> {
    const retried = await this.#planRetry(mostBytes);
    if (!retried.ok || retried.value !== null) return retried;
    for (const [index, policy] of this.#policies.entries()) {
      const wished = await this.#planWish(index, policy, mostBytes);
      if (!wished.ok || wished.value !== null) return wished;
    }
    return this.#planSweep(mostBytes);
  }

  began(plan: Plan): void {
    for (const range of plan.ranges) this.#underWay.add(range);
  }

  /** @param settled true when the ranges need no more work from us: stored, or left to somebody else. */
  ended(plan: Plan, settled: boolean): void {
    for (const range of plan.ranges) {
      this.#underWay.remove(range);
      if (settled) this.#settled.add(range);
    }
  }

  /** Asks for ranges again before anything else, in pieces of at most `pieceBytes`. */
  retry(ranges: readonly Range[], pieceBytes = Infinity): void {
    for (const range of ranges) {
      for (let at = range.offset; at < rangeEnd(range); at += pieceBytes) {
        this.#retries.push({ offset: at, length: Math.min(pieceBytes, rangeEnd(range) - at) });
      }
    }
  }

  /** Gives ranges up: they stay missing, and are not asked for again. */
  abandon(ranges: readonly Range[]): void {
    for (const range of ranges) {
      this.#abandoned.add(range);
      this.#settled.add(range);
    }
  }

  async #planRetry(mostBytes: number): Promise<Result<Plan | null>> {
    for (let range = this.#retries[0]; range !== undefined; range = this.#retries[0]) {
      const plan = await this.#collect(range, mostBytes, true, 'retry', 1);
      if (!plan.ok || plan.value !== null) return plan;
      if (this.#retries[0] === range) this.#retries.shift();
    }
    return ok(null);
  }

  async #planWish(index: number, policy: OrderPolicy, mostBytes: number): Promise<Result<Plan | null>> {
    for (;;) {
      const named = this.#wishes[index] ?? policy.next();
      const wish = named && this.#widen(named);
      this.#wishes[index] = wish;
      if (wish === null) return ok(null);
      const plan = await this.#collect(wish, mostBytes, policy.urgent, policy.name, MOST_RANGES);
      if (!plan.ok || plan.value !== null) return plan;
      if (this.#wishes[index] === wish) this.#wishes[index] = null;
    }
  }

  async #planSweep(mostBytes: number): Promise<Result<Plan | null>> {
    const { lengthBytes } = this.#target;
    const from = this.#sweepFrom;
    const plan = await this.#collect(
      { offset: from, length: lengthBytes - from },
      mostBytes,
      false,
      'sweep',
      MOST_RANGES,
    );
    if (!plan.ok) return plan;
    const first = plan.value?.ranges[0];
    const reached = first?.offset ?? lengthBytes;
    this.#settleBetween(from, reached);
    this.#sweepFrom = reached;
    if (plan.value !== null || from === 0) return plan;
    this.#sweepFrom = 0;
    return this.#planSweep(mostBytes);
  }

  /** The sweep met nothing free in `[from, to)`: whatever is not under way is local. */
  #settleBetween(from: number, to: number): void {
    let at = from;
    for (;;) {
      const local = this.#underWay.firstGap({ offset: at, length: to - at });
      if (local === null) return;
      this.#settled.add(local);
      at = rangeEnd(local);
    }
  }

  async #collect(
    area: Range,
    mostBytes: number,
    urgent: boolean,
    wantedBy: string,
    mostRanges: number,
  ): Promise<Result<Plan | null>> {
    const { clusterBytes, lengthBytes } = this.#target;
    const ranges: Range[] = [];
    let room = Math.max(clusterBytes, alignDown(mostBytes, clusterBytes));
    let at = area.offset;
    while (at < rangeEnd(area) && room > 0 && ranges.length < mostRanges) {
      const missing = await this.#target.findMissing(at, rangeEnd(area), room);
      if (!missing.ok) return missing;
      if (missing.value === null) break;
      const run = this.#widen(missing.value);
      const free = this.#firstFree(run);
      if (free === null) {
        at = rangeEnd(run);
        continue;
      }
      const length = Math.min(free.length, room);
      ranges.push({ offset: free.offset, length });
      room = free.offset + length === lengthBytes ? 0 : room - length;
      at = free.offset + length;
    }
    const bytes = ranges.reduce((sum, range) => sum + range.length, 0);
    return ok(bytes === 0 ? null : { ranges, bytes, urgent, wantedBy });
  }

  #firstFree(run: Range): Range | null {
    for (let at = run.offset; ;) {
      const idle = this.#underWay.firstGap({ offset: at, length: rangeEnd(run) - at });
      if (idle === null) return null;
      const free = this.#abandoned.firstGap(idle);
      if (free !== null) return free;
      at = rangeEnd(idle);
    }
  }

  /** To whole clusters, as far as the device goes. */
  #widen(range: Range): Range {
    const { clusterBytes, lengthBytes } = this.#target;
    const offset = Math.min(lengthBytes, alignDown(range.offset, clusterBytes));
    const end = Math.min(lengthBytes, alignUp(rangeEnd(range), clusterBytes));
    return { offset, length: end - offset };
  }
}
