import { describe, expect, it } from 'vitest';
import { unwrap, type Failure } from '../../shared/result.ts';
import { SECTOR_BYTES } from '../../shared/units.ts';
import { MemoryDevice } from '../../test/support/memory-device.ts';
import { MemoryOverlay } from '../../test/support/memory-overlay.ts';
import { SeededRandom } from '../../test/support/seeded-random.ts';
import { SimulatedClock } from '../../test/support/simulated-clock.ts';
import type { SourcePolicy } from './back-off.ts';
import { CopyOnReadDevice } from './copy-on-read.ts';
import { ON_ERROR } from './job/on-error.ts';
import { StreamJob, type JobOutcome } from './job/stream-job.ts';
import { overlayTarget, type StreamTarget } from './job/stream-target.ts';
import { FixedWindow } from './job/transfer-window.ts';
import { BucketChain } from './limits/bucket-chain.ts';
import { TokenBucket } from './limits/token-bucket.ts';
import { BootProfile } from './order/boot-profile.ts';
import { GuestLed } from './order/guest-led.ts';

const SEEDS = 400;
const CLUSTER_BYTES = 4096;
const SECTORS_PER_CLUSTER = CLUSTER_BYTES / SECTOR_BYTES;
const GUESTS = 3;
const REQUESTS_PER_GUEST = 40;
const IMPATIENT: SourcePolicy = {
  mode: 'wait',
  codes: ['source-unreachable'],
  firstDelayMs: 5,
  longestDelayMs: 100,
};

/** A disk, its guests, its job and whoever fiddles with the job, all played from one seed. */
class Story {
  readonly random: SeededRandom;
  readonly clock = new SimulatedClock();
  readonly backing: MemoryDevice;
  readonly overlay: MemoryOverlay;
  readonly device: CopyOnReadDevice;
  readonly bucket: TokenBucket;
  readonly guestLed = new GuestLed();
  /** What the guests must see. */
  readonly model: Uint8Array;
  readonly fetchedTimes: number[];
  readonly faulty: boolean;
  readonly startMs: number;
  closing = false;
  /** Set while a fault may strike. */
  stormy = false;
  movedBytes = 0;
  largestRequest = 0;
  readonly #locked: boolean[];

  constructor(seed: number) {
    const random = new SeededRandom(seed);
    this.random = random;
    const lengthBytes = random.integer(20, 400) * SECTOR_BYTES;
    const backingBytes = random.chance(0.5) ? lengthBytes : random.integer(1, 420) * SECTOR_BYTES;
    this.faulty = random.chance(0.5);
    this.stormy = this.faulty;
    const slow = random.pick([0, 3, 40]);
    this.backing = new MemoryDevice(this.#masterContent(backingBytes), {
      clock: this.clock,
      remote: random.chance(0.6),
      latency: () => random.next() * slow,
      fault: () => this.#fault(0.15, random.pick(['source-unreachable', 'io'])),
      onRead: (offset, length) => this.#noteFetch(offset, length),
    });
    this.overlay = new MemoryOverlay({
      clock: this.clock,
      lengthBytes,
      clusterBytes: CLUSTER_BYTES,
      backing: this.backing,
      latency: () => (random.chance(0.3) ? random.next() * 4 : -1),
      fault: (operation) => (operation === 'store' ? this.#fault(0.05, 'no-space') : null),
    });
    this.fetchedTimes = this.overlay.states.map(() => 0);
    this.#locked = Array.from({ length: lengthBytes / SECTOR_BYTES }, () => false);
    this.model = new Uint8Array(lengthBytes);
    this.model.set(this.backing.content.subarray(0, lengthBytes));
    this.bucket = new TokenBucket(this.clock, random.pick([0, 0, 200_000, 2_000_000]));
    this.startMs = this.clock.now();
    this.device = new CopyOnReadDevice(this.overlay, {
      clock: this.clock,
      limit: this.bucket,
      onSourceLost: IMPATIENT,
      mostPendingBytes: random.pick([CLUSTER_BYTES, 64 * CLUSTER_BYTES]),
      observer: {
        guestAccess: (access) => {
          if (access.missed) this.guestLed.noteMiss(access);
        },
      },
    });
  }

  #masterContent(lengthBytes: number): Uint8Array {
    const content = new Uint8Array(lengthBytes);
    for (let at = 0; at < lengthBytes; at += SECTOR_BYTES) {
      if (this.random.chance(0.5)) content.fill(this.random.integer(1, 255), at, at + SECTOR_BYTES);
    }
    if (this.random.chance(0.5)) content.fill(0, lengthBytes >> 2, lengthBytes >> 1);
    return content;
  }

  #fault(probability: number, code: Failure['code']): Failure | null {
    return this.stormy && this.random.chance(probability) ? { code, message: 'a fault of the story' } : null;
  }

  #noteFetch(offset: number, length: number): void {
    for (let at = offset; at < offset + length; at += CLUSTER_BYTES - (at % CLUSTER_BYTES)) {
      expect(this.overlay.isMissing(at), `cluster at ${at} is local and fetched again`).toBe(true);
      const cluster = Math.floor(at / CLUSTER_BYTES);
      this.fetchedTimes[cluster] = (this.fetchedTimes[cluster] ?? 0) + 1;
    }
  }

  async guest(): Promise<void> {
    for (let request = 0; request < REQUESTS_PER_GUEST; request++) {
      if (this.random.chance(0.5)) await this.clock.delay(this.random.next() * 20);
      await this.#guestRequest();
    }
  }

  /** Guests do not read or write a sector that another request of theirs is writing, but they do share clusters. */
  async #guestRequest(): Promise<void> {
    const sectors = this.#locked.length;
    const first = this.random.integer(0, sectors - 1);
    let count = this.random.integer(1, Math.min(3 * SECTORS_PER_CLUSTER, sectors - first));
    const busy = this.#locked.slice(first, first + count).indexOf(true);
    if (busy >= 0) count = busy;
    if (count === 0) return;
    this.#locked.fill(true, first, first + count);
    const [offset, length] = [first * SECTOR_BYTES, count * SECTOR_BYTES];
    const kind = this.random.next();
    if (kind < 0.5) await this.#guestRead(offset, length);
    else if (kind < 0.95) await this.#guestWrite(offset, length);
    else await this.#guestFlush();
    this.#locked.fill(false, first, first + count);
  }

  async #guestRead(offset: number, length: number): Promise<void> {
    const target = new Uint8Array(length).fill(0xee);
    const read = await this.device.read(offset, target);
    if (!this.faulty && !this.closing) unwrap(read);
    if (read.ok) this.#expectModel(offset, target);
  }

  async #guestWrite(offset: number, length: number): Promise<void> {
    const data = new Uint8Array(length).fill(this.random.integer(0, 255));
    for (;;) {
      const written = await this.device.write(offset, data);
      if (written.ok) break;
      if (written.failure.code === 'closed') return;
      expect(this.faulty).toBe(true);
      await this.clock.delay(1);
    }
    this.model.set(data, offset);
  }

  async #guestFlush(): Promise<void> {
    const flushed = await this.device.flush();
    if (!this.closing) unwrap(flushed);
  }

  #expectModel(offset: number, bytes: Uint8Array): void {
    const wanted = this.model.subarray(offset, offset + bytes.length);
    expect(Buffer.compare(bytes, wanted), `content at ${offset}`).toBe(0);
  }

  startJob(): StreamJob {
    const { random } = this;
    const target = unwrap(overlayTarget(this.overlay));
    const job = new StreamJob({
      id: 'job',
      clock: this.clock,
      target: this.#watched(target),
      limit: new BucketChain([this.bucket]),
      speed: random.pick([0, 0, 500_000]),
      onError: random.pick(ON_ERROR),
      onSourceLost: random.chance(0.5) ? IMPATIENT : undefined,
      order: [
        new BootProfile([
          { offset: 10_000, length: 5000 },
          { offset: 0, length: 1 },
        ]),
        this.guestLed,
      ].filter(() => random.chance(0.7)),
      window: random.chance(0.5) ? new FixedWindow(random.integer(1, 8) * CLUSTER_BYTES, 3) : undefined,
      autoFinalize: random.chance(0.7),
    });
    job.start();
    return job;
  }

  #watched(target: StreamTarget): StreamTarget {
    return {
      ...target,
      populate: async (ranges) => {
        const bytes = ranges.reduce((sum, range) => sum + range.length, 0);
        this.largestRequest = Math.max(this.largestRequest, bytes);
        const populated = await target.populate(ranges);
        if (populated.ok) this.movedBytes += populated.value.dataBytes + populated.value.zeroBytes;
        this.#expectWithinLimit();
        return populated;
      },
      finish: async () => {
        const missing = this.overlay.states.findIndex((_, cluster) =>
          this.overlay.isMissing(cluster * CLUSTER_BYTES),
        );
        expect(missing, 'finish with something missing').toBe(-1);
        return target.finish();
      },
    };
  }

  #expectWithinLimit(): void {
    const rate = this.bucket.bytesPerSecond;
    if (rate === 0) return;
    const seconds = (this.clock.now() - this.startMs) / 1000;
    expect(this.movedBytes).toBeLessThanOrEqual(rate * (seconds + 0.1) + this.largestRequest);
  }

  /** Pauses, resumes, cancels and changes speeds at random while guests are busy, then lets a job complete. */
  async operator(guests: Promise<void>): Promise<void> {
    const calm = { guests: false };
    void guests.then(() => {
      calm.guests = true;
      this.stormy = false;
    });
    let last = this.#follow();
    while (last.outcome?.kind !== 'completed') {
      await this.clock.delay(this.random.next() * 15);
      if (last.outcome !== null) {
        if (last.outcome.kind !== 'completed') last = this.#follow();
      } else if (calm.guests) this.#calm(last.job);
      else this.#meddle(last.job);
    }
    expect(this.overlay.backing).toBe(null);
  }

  #follow(): { readonly job: StreamJob; outcome: JobOutcome | null } {
    const followed = { job: this.startJob(), outcome: null as JobOutcome | null };
    void followed.job.done.then((outcome) => (followed.outcome = outcome));
    return followed;
  }

  #calm(job: StreamJob): void {
    if (job.info().paused) job.resume();
    job.setSpeed(0);
    if (job.status === 'pending') job.finalize();
  }

  #meddle(job: StreamJob): void {
    const choice = this.random.next();
    if (choice < 0.15) job.pause();
    else if (choice < 0.4) job.resume();
    else if (choice < 0.45) job.cancel(true);
    else if (choice < 0.5) job.cancel();
    else if (choice < 0.6) job.setSpeed(this.random.pick([0, 50_000, 5_000_000]));
    else if (choice < 0.7) job.finalize();
  }

  /** Closes the disk in the middle of everything, as the storage does: the job first, then the device. */
  async playToAbruptEnd(): Promise<void> {
    const guests = Promise.all(Array.from({ length: GUESTS }, () => this.guest()));
    const job = this.startJob();
    await this.clock.delay(this.random.next() * 300);
    this.closing = true;
    job.cancel(true);
    await job.done;
    unwrap(await this.device.close());
    expect(this.device.pendingStoreBytes).toBe(0);
    const readBytes = this.backing.readBytes;
    await guests;
    await this.clock.delay(10_000);
    expect(this.overlay.requestsAfterClose).toBe(0);
    expect(this.backing.readBytes).toBe(readBytes);
  }

  async play(): Promise<void> {
    const guests = Promise.all(Array.from({ length: GUESTS }, () => this.guest())).then(() => {});
    await Promise.all([guests, this.operator(guests)]);
    const content = new Uint8Array(this.overlay.lengthBytes);
    unwrap(await this.device.read(0, content));
    this.#expectModel(0, content);
    expect(Math.max(...this.overlay.published), 'a cluster was stored twice').toBeLessThanOrEqual(1);
    if (this.backing.remote && !this.faulty) {
      expect(Math.max(...this.fetchedTimes), 'a cluster was fetched twice').toBeLessThanOrEqual(1);
    }
    unwrap(await this.device.close());
    expect(this.backing.closed).toBe(true);
    await this.clock.delay(10_000);
    expect(this.overlay.requestsAfterClose).toBe(0);
  }
}

async function tell(play: (story: Story) => Promise<void>): Promise<void> {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const story = new Story(seed);
    try {
      await story.clock.run(play(story));
    } catch (error) {
      throw new Error(`seed ${seed}: ${error instanceof Error ? error.message : String(error)}`, {
        cause: error,
      });
    }
  }
}

describe(`a disk that streams in while guests use it, in ${SEEDS} stories`, () => {
  it('keeps every promise through races, faults, pauses and cancels', () => tell((story) => story.play()));

  it('asks nothing of anybody once it is closed', () => tell((story) => story.playToAbruptEnd()));
});
