import type { Clock } from '../../shared/clock.ts';
import { DONE, err, ok, type Result } from '../../shared/result.ts';
import { alignDown } from '../../shared/units.ts';
import { readPadded } from '../../main/block/backing-read.ts';
import { checkRange, readOnlyFailure } from '../../main/block/bounds.ts';
import type { BlockDevice, Extent } from '../../main/block/device.ts';
import { InFlight } from '../../main/block/in-flight.ts';
import type { Claim, OverlayDevice, Populated } from '../../main/block/overlay.ts';
import { rangeEnd, type Range } from '../../main/block/range.ts';
import { isZero } from '../../main/block/zeroes.ts';
import { pass, type Fault, type Latency } from './simulated-device.ts';

export type ClusterState = 'unallocated' | 'data' | 'zero';

export interface MemoryOverlayOptions {
  readonly clock: Clock;
  readonly lengthBytes: number;
  readonly clusterBytes: number;
  readonly backing: BlockDevice | null;
  readonly name?: string;
  readonly readOnly?: boolean;
  readonly latency?: Latency;
  readonly fault?: Fault;
}

/**
 * An overlay in memory: the reference for what {@link OverlayDevice} promises, with delays at every point where a
 * real format waits for its disk, and faults on request. Counts what it sees, so that tests can ask afterwards.
 */
export class MemoryOverlay implements OverlayDevice {
  readonly name: string;
  readonly lengthBytes: number;
  readonly clusterBytes: number;
  readonly readOnly: boolean;
  readonly content: Uint8Array;
  readonly states: ClusterState[];
  /** How often each cluster was published by populate or a claim. */
  readonly published: number[];
  requestsAfterClose = 0;
  flushes = 0;
  fault: Fault;
  latency: Latency;
  readonly #clock: Clock;
  #backing: BlockDevice | null;
  readonly #claims = new Map<number, Promise<void>>();
  readonly #use = new InFlight();
  #closed = false;

  constructor(options: MemoryOverlayOptions) {
    this.#clock = options.clock;
    this.name = options.name ?? 'overlay';
    this.lengthBytes = options.lengthBytes;
    this.clusterBytes = options.clusterBytes;
    this.readOnly = options.readOnly ?? false;
    this.#backing = options.backing;
    this.fault = options.fault ?? (() => null);
    this.latency = options.latency ?? (() => -1);
    this.content = new Uint8Array(options.lengthBytes);
    const clusters = Math.ceil(options.lengthBytes / options.clusterBytes);
    this.states = Array.from({ length: clusters }, () => 'unallocated' as const);
    this.published = Array.from({ length: clusters }, () => 0);
  }

  get backing(): BlockDevice | null {
    return this.#backing;
  }

  get remote(): boolean {
    return this.#backing?.remote ?? false;
  }

  isMissing(offset: number): boolean {
    const cluster = this.#clusterOf(offset);
    return (
      this.states[cluster] === 'unallocated' &&
      cluster * this.clusterBytes < (this.#backing?.lengthBytes ?? 0)
    );
  }

  async read(offset: number, target: Uint8Array): Promise<Result<void>> {
    return this.#request('read', offset, target.length, async () => {
      for (const piece of this.#pieces(offset, target.length)) {
        const part = target.subarray(piece.offset - offset, rangeEnd(piece) - offset);
        const state = this.states[this.#clusterOf(piece.offset)];
        if (state === 'unallocated') {
          const read = await readPadded(this.#backing, piece.offset, part);
          if (!read.ok) return read;
        } else {
          await pass(this.#clock, this.latency('read', piece.length));
          part.set(this.content.subarray(piece.offset, rangeEnd(piece)));
        }
      }
      return DONE;
    });
  }

  async write(offset: number, data: Uint8Array): Promise<Result<void>> {
    if (this.readOnly) return readOnlyFailure(this);
    return this.#request('write', offset, data.length, async () => {
      for (const piece of this.#pieces(offset, data.length)) {
        const part = data.subarray(piece.offset - offset, rangeEnd(piece) - offset);
        const written = await this.#writePiece(piece, part);
        if (!written.ok) return written;
      }
      return DONE;
    });
  }

  async writeZeroes(offset: number, length: number): Promise<Result<void>> {
    return this.write(offset, new Uint8Array(length));
  }

  async discard(): Promise<Result<void>> {
    return DONE;
  }

  async flush(): Promise<Result<void>> {
    this.flushes += 1;
    return this.#request('flush', 0, 0, async () => {
      await pass(this.#clock, this.latency('flush', 0));
      return DONE;
    });
  }

  async extentAt(offset: number, length: number): Promise<Result<Extent>> {
    const state = this.states[this.#clusterOf(offset)] ?? 'unallocated';
    const end = Math.min(offset + length, alignDown(offset, this.clusterBytes) + this.clusterBytes);
    return ok({
      offset,
      length: end - offset,
      kind: state,
      fileOffset: state === 'data' ? offset : undefined,
    });
  }

  async findMissing(from: number, to: number, mostBytes = Infinity): Promise<Result<Range | null>> {
    if (this.#isClosed()) return this.#closedFailure();
    await pass(this.#clock, this.latency('look-up', 0));
    const failure = this.fault('look-up', from, to - from);
    if (failure !== null) return { ok: false, failure };
    const end = Math.min(to, this.lengthBytes, this.#backing?.lengthBytes ?? 0);
    for (let at = from; at < end; at = this.#nextCluster(at)) {
      if (!this.isMissing(at)) continue;
      let last = at;
      while (last < end && this.isMissing(last)) last = this.#nextCluster(last);
      return ok({ offset: at, length: Math.min(last - at, end - at, mostBytes) });
    }
    return ok(null);
  }

  async populate(ranges: readonly Range[]): Promise<Result<Populated>> {
    return this.#request('populate', 0, 0, async () => {
      const claims = ranges.flatMap((range) => this.#claimAll(range));
      const results = await Promise.all(claims.map((claim) => this.#fill(claim)));
      for (const claim of claims) claim.release();
      let [dataBytes, zeroBytes] = [0, 0];
      for (const result of results) {
        if (!result.ok) return result;
        dataBytes += result.value.dataBytes;
        zeroBytes += result.value.zeroBytes;
      }
      const wanted = ranges.reduce((sum, range) => sum + range.length, 0);
      return ok({ dataBytes, zeroBytes, skippedBytes: wanted - dataBytes - zeroBytes });
    });
  }

  async claim(offset: number, limit: number): Promise<Result<Claim | null>> {
    if (this.#isClosed()) return this.#closedFailure();
    const cluster = this.#clusterOf(offset);
    await pass(this.#clock, this.latency('look-up', 0));
    for (let held = this.#claims.get(cluster); held !== undefined; held = this.#claims.get(cluster))
      await held;
    return ok(this.#takeRun(cluster * this.clusterBytes, limit));
  }

  isClaimed(offset: number): boolean {
    return this.#claims.has(this.#clusterOf(offset));
  }

  async dropBacking(): Promise<Result<void>> {
    await pass(this.#clock, this.latency('flush', 0));
    const failure = this.fault('drop', 0, 0);
    if (failure !== null) return { ok: false, failure };
    const missing = this.states.findIndex((_, cluster) => this.isMissing(cluster * this.clusterBytes));
    if (missing >= 0)
      return err('busy', `'${this.name}' still needs its backing file for cluster ${missing}`);
    const old = this.#backing;
    this.#backing = null;
    await this.#use.idle();
    return old === null ? DONE : old.close();
  }

  async close(): Promise<Result<void>> {
    this.#closed = true;
    return this.#backing === null ? DONE : this.#backing.close();
  }

  async #request<T>(
    operation: string,
    offset: number,
    length: number,
    serve: () => Promise<Result<T>>,
  ): Promise<Result<T>> {
    if (this.#isClosed()) return this.#closedFailure();
    const valid = checkRange(this, offset, length);
    if (!valid.ok) return valid;
    const failure = this.fault(operation, offset, length);
    return failure === null ? this.#use.track(serve) : { ok: false, failure };
  }

  async #writePiece(piece: Range, data: Uint8Array): Promise<Result<void>> {
    const cluster = this.#clusterOf(piece.offset);
    for (let held = this.#claims.get(cluster); held !== undefined; held = this.#claims.get(cluster))
      await held;
    if (this.states[cluster] === 'data') {
      await pass(this.#clock, this.latency('write', data.length));
      this.content.set(data, piece.offset);
      return DONE;
    }
    const release = this.#hold(cluster, cluster + 1);
    try {
      const start = cluster * this.clusterBytes;
      const whole = new Uint8Array(Math.min(this.clusterBytes, this.lengthBytes - start));
      if (this.states[cluster] === 'unallocated' && piece.length < whole.length) {
        const filled = await readPadded(this.#backing, start, whole);
        if (!filled.ok) return filled;
      }
      whole.set(data, piece.offset - start);
      await pass(this.#clock, this.latency('write', whole.length));
      this.content.set(whole, start);
      this.states[cluster] = 'data';
      return DONE;
    } finally {
      release();
    }
  }

  #claimAll(range: Range): Claim[] {
    const claims: Claim[] = [];
    for (let at = alignDown(range.offset, this.clusterBytes); at < rangeEnd(range);) {
      const claim = this.#takeRun(at, rangeEnd(range));
      if (claim !== null) claims.push(claim);
      at = claim === null ? at + this.clusterBytes : rangeEnd(claim);
    }
    return claims;
  }

  async #fill(claim: Claim): Promise<Result<Populated>> {
    const data = new Uint8Array(claim.length);
    const read = await readPadded(this.#backing, claim.offset, data);
    return read.ok ? claim.store(data) : read;
  }

  /** The run of missing, unclaimed clusters at `start`; null when the first is not one. */
  #takeRun(start: number, limit: number): Claim | null {
    const free = (at: number) =>
      at < Math.min(limit, this.lengthBytes) && this.isMissing(at) && !this.isClaimed(at);
    let end = start;
    while (free(end)) end += this.clusterBytes;
    if (end === start) return null;
    const release = this.#hold(this.#clusterOf(start), this.#clusterOf(end));
    const length = Math.min(end, this.lengthBytes) - start;
    return { offset: start, length, release, store: (data) => this.#store(start, data) };
  }

  async #store(start: number, data: Uint8Array): Promise<Result<Populated>> {
    let [dataBytes, zeroBytes] = [0, 0];
    for (const piece of this.#pieces(start, data.length)) {
      const bytes = data.subarray(piece.offset - start, rangeEnd(piece) - start);
      await pass(this.#clock, this.latency('store', piece.length));
      const failure = this.fault('store', piece.offset, piece.length);
      if (failure !== null) return { ok: false, failure };
      const cluster = this.#clusterOf(piece.offset);
      const zero = isZero(bytes);
      this.content.set(bytes, piece.offset);
      this.states[cluster] = zero ? 'zero' : 'data';
      this.published[cluster] = (this.published[cluster] ?? 0) + 1;
      if (zero) zeroBytes += piece.length;
      else dataBytes += piece.length;
    }
    return ok({ dataBytes, zeroBytes, skippedBytes: 0 });
  }

  #hold(first: number, last: number): () => void {
    let wake = () => {};
    const released = new Promise<void>((resolve) => {
      wake = resolve;
    });
    for (let cluster = first; cluster < last; cluster++) this.#claims.set(cluster, released);
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      for (let cluster = first; cluster < last; cluster++) this.#claims.delete(cluster);
      wake();
    };
  }

  *#pieces(offset: number, length: number): Generator<Range> {
    for (let at = offset; at < offset + length;) {
      const end = Math.min(offset + length, this.#nextCluster(at));
      yield { offset: at, length: end - at };
      at = end;
    }
  }

  #clusterOf(offset: number): number {
    return Math.floor(offset / this.clusterBytes);
  }

  #nextCluster(offset: number): number {
    return (this.#clusterOf(offset) + 1) * this.clusterBytes;
  }

  #isClosed(): boolean {
    if (this.#closed) this.requestsAfterClose += 1;
    return this.#closed;
  }

  #closedFailure() {
    return err('closed', `'${this.name}' is closed`);
  }
}
