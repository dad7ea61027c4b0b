import { expect } from 'vitest';
import { unwrap, type Failure } from '../../shared/result.ts';
import { SECTOR_BYTES } from '../../shared/units.ts';
import type { OverlayDevice } from '../../main/block/overlay.ts';
import type { SourcePolicy } from '../../main/streaming/waiting/back-off.ts';
import { CopyOnReadDevice } from '../../main/streaming/copy-on-read/copy-on-read-device.ts';
import { ON_ERROR } from '../../main/streaming/job/on-error.ts';
import { StreamJob, type JobOutcome } from '../../main/streaming/job/stream-job.ts';
import { overlayTarget, type StreamTarget } from '../../main/streaming/job/stream-target.ts';
import { BucketChain } from '../../main/streaming/limits/bucket-chain.ts';
import { TokenBucket } from '../../main/streaming/limits/token-bucket.ts';
import { BootProfile } from '../../main/streaming/order/boot-profile.ts';
import { GuestLed } from '../../main/streaming/order/guest-led.ts';
import { SimulatedDevice } from './simulated-device.ts';
import { SeededRandom } from './seeded-random.ts';
import { SimulatedClock } from './simulated-clock.ts';
import { FixedWindow } from './fixed-window.ts';

export const CLUSTER_BYTES = 4096;
const SECTORS_PER_CLUSTER = CLUSTER_BYTES / SECTOR_BYTES;
const GUESTS = 3;
const REQUESTS_PER_GUEST = 40;
const IMPATIENT: SourcePolicy = {
  mode: 'wait',
  codes: ['source-unreachable'],
  firstDelayMs: 5,
  longestDelayMs: 100,
};

/** An overlay in a story, empty at first, with what has to be asked of it behind its back. */
export interface OverlayUnderTest {
  readonly device: OverlayDevice;
  isMissing(offset: number): boolean;
  /** Expects whatever must hold of this kind of overlay in the end. */
  verify(): void;
}

export type MakeOverlay = (story: StreamStory) => Promise<OverlayUnderTest>;

/** A disk, its guests, its job and whoever fiddles with the job, all played from one seed. */
export class StreamStory {
  readonly random: SeededRandom;
  readonly clock = new SimulatedClock();
  readonly backing: SimulatedDevice;
  readonly lengthBytes: number;
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
  #overlay: OverlayUnderTest | null = null;
  #device: CopyOnReadDevice | null = null;

  static async begin(seed: number, makeOverlay: MakeOverlay): Promise<StreamStory> {
    const random = new SeededRandom(seed);
    const lengthBytes = random.integer(20, 400) * SECTOR_BYTES;
    const backingBytes = random.chance(0.5) ? lengthBytes : random.integer(1, 420) * SECTOR_BYTES;
    const story = new StreamStory(random, lengthBytes, masterContent(random, backingBytes));
    story.#open(await story.clock.run(makeOverlay(story)));
    return story;
  }

  private constructor(random: SeededRandom, lengthBytes: number, content: Uint8Array) {
    this.random = random;
    this.lengthBytes = lengthBytes;
    this.faulty = random.chance(0.5);
    this.stormy = this.faulty;
    const slow = random.pick([0, 3, 40]);
    this.backing = new SimulatedDevice(content, {
      clock: this.clock,
      remote: random.chance(0.6),
      latency: () => random.next() * slow,
      fault: () => this.fault(0.15, random.pick(['source-unreachable', 'io'])),
      onRead: (offset, length) => this.#noteFetch(offset, length),
    });
    this.fetchedTimes = Array.from({ length: Math.ceil(lengthBytes / CLUSTER_BYTES) }, () => 0);
    this.#locked = Array.from({ length: lengthBytes / SECTOR_BYTES }, () => false);
    this.model = new Uint8Array(lengthBytes);
    this.model.set(content.subarray(0, lengthBytes));
    this.bucket = new TokenBucket(this.clock, random.pick([0, 0, 200_000, 2_000_000]));
    this.startMs = this.clock.now();
  }

  get overlay(): OverlayUnderTest {
    if (this.#overlay === null) throw new Error('the story has not begun');
    return this.#overlay;
  }

  get device(): CopyOnReadDevice {
    if (this.#device === null) throw new Error('the story has not begun');
    return this.#device;
  }

  #open(overlay: OverlayUnderTest): void {
    this.#overlay = overlay;
    this.#device = new CopyOnReadDevice(overlay.device, {
      clock: this.clock,
      limit: this.bucket,
      onSourceLost: IMPATIENT,
      mostPendingBytes: this.random.pick([CLUSTER_BYTES, 64 * CLUSTER_BYTES]),
      observer: {
        guestAccess: (access) => {
          if (access.missed) this.guestLed.noteMiss(access);
        },
      },
    });
  }

  /** How long a local step takes: mostly not even a turn. */
  localMs(): number {
    return this.random.chance(0.3) ? this.random.next() * 4 : -1;
  }

  /** Strikes while the story is stormy. */
  fault(probability: number, code: Failure['code']): Failure | null {
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
    const target = unwrap(overlayTarget(this.overlay.device));
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
        for (let at = 0; at < this.lengthBytes; at += CLUSTER_BYTES) {
          expect(this.overlay.isMissing(at), 'finish with something missing').toBe(false);
        }
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
    for (let last = this.#follow(); ;) {
      await this.clock.delay(this.random.next() * 15);
      if (last.outcome?.kind === 'completed') break;
      if (last.outcome !== null) last = this.#follow();
      else if (calm.guests) this.#calm(last.job);
      else this.#meddle(last.job);
    }
    expect(this.overlay.device.backing).toBe(null);
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
    this.overlay.verify();
    expect(this.backing.readBytes).toBe(readBytes);
  }

  async play(): Promise<void> {
    const guests = Promise.all(Array.from({ length: GUESTS }, () => this.guest())).then(() => {});
    await Promise.all([guests, this.operator(guests)]);
    const content = new Uint8Array(this.lengthBytes);
    unwrap(await this.device.read(0, content));
    this.#expectModel(0, content);
    this.overlay.verify();
    if (this.backing.remote && !this.faulty) {
      expect(Math.max(...this.fetchedTimes), 'a cluster was fetched twice').toBeLessThanOrEqual(1);
    }
    unwrap(await this.device.close());
    expect(this.backing.closed).toBe(true);
    await this.clock.delay(10_000);
    this.overlay.verify();
  }
}

function masterContent(random: SeededRandom, lengthBytes: number): Uint8Array {
  const content = new Uint8Array(lengthBytes);
  for (let at = 0; at < lengthBytes; at += SECTOR_BYTES) {
    if (random.chance(0.5)) content.fill(random.integer(1, 255), at, at + SECTOR_BYTES);
  }
  if (random.chance(0.5)) content.fill(0, lengthBytes >> 2, lengthBytes >> 1);
  return content;
}
