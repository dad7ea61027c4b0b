import type { MessagePort } from 'node:worker_threads';
import type { Clock } from '../../../shared/clock.ts';
import { err, ok, type Result } from '../../../shared/result.ts';
import type { BlockDevice } from '../../block/device.ts';
import { mergeReports, type MirrorRecords, type MirrorReport } from '../../block/verified/mirror-record.ts';
import type { ContentStamp } from '../../qed/content-stamp.ts';
import { QedDevice } from '../../qed/device.ts';
import { sharesIn } from '../../streaming/copy-on-read/demand-map.ts';
import { BucketChain } from '../../streaming/limits/bucket-chain.ts';
import { FairShare } from '../../streaming/limits/fair-share.ts';
import type { RateLimit } from '../../streaming/limits/rate-limit.ts';
import { TokenBucket } from '../../streaming/limits/token-bucket.ts';
import type { JobEvent } from '../../streaming/job/job-events.ts';
import type { StreamJob, StreamJobInfo } from '../../streaming/job/stream-job.ts';
import { BootProfile } from '../../streaming/order/boot-profile.ts';
import type { OrderPolicy } from '../../streaming/order/order-policy.ts';
import { PublishedProfile } from '../../streaming/order/published-profile.ts';
import { layersOf, withoutPorts } from '../chain/image-chain.ts';
import { fetchBootProfile } from '../chain/published-boot.ts';
import type { ServedSource } from '../chain/served-source.ts';
import type { WorkerCopier } from '../copy-worker/worker-copier.ts';
import type { DiskEvent, WaitingReads } from './disk-events.ts';
import type { DiskPack, PackStatus } from './disk-pack.ts';
import { describeLayer, type DiskLayer } from './disk-layers.ts';
import type { DiskSpec, StreamSpec } from './disk-spec.ts';
import { openSources, type DiskSources } from './disk-sources.ts';
import { DiskStreams } from './disk-streams.ts';
import { GuestSide, type GuestCounters } from './guest-side.ts';

/** How long closing a disk waits for a source that says nothing. */
const SILENT_SOURCE_MS = 2000;

/** What is known of a disk at a moment; bytes of guest range. */
export interface DiskStatus {
  readonly lengthBytes: number;
  /** True when the image names no backing file any more. */
  readonly standalone: boolean;
  /** The image's own wishes, see `COPY_ON_READ` and `STREAM` in `main/qed/format.ts`. */
  readonly flags: { readonly copyOnRead: boolean; readonly stream: boolean };
  /** The name of what the guest sees; null once it may have changed. */
  readonly contentStamp: ContentStamp | null;
  readonly guest: GuestCounters;
  /** Guest reads that stand still now; null while there are none. */
  readonly waiting: WaitingReads | null;
  /** The boot pack of the master; null where there is none, or none is of use. */
  readonly bootPack: PackStatus | null;
  /** The sources of a published master, as far as they were needed, the publisher's favourite first. */
  readonly mirrors: readonly MirrorReport[];
  /** The latest job on the topmost image. */
  readonly job: StreamJobInfo | null;
  /** Every job there is, oldest first. */
  readonly jobs: readonly StreamJobInfo[];
}

/** What goes on at a moment, for equal stretches of the disk: what part of each, from 0 to 1. */
export interface DiskActivity {
  /** Is being fetched, or written for the first time. */
  readonly filling: readonly number[];
  /** Came because a guest waited for it, since the disk was opened. */
  readonly demanded: readonly number[];
}

/**
 * A disk with all that Headwater adds to it: its chain of images, copy-on-read, its streaming job, its limits. Lives
 * in one thread; {@link device} is what the guest sees.
 */
export class OpenDisk {
  readonly #clock: Clock;
  readonly #overlay: QedDevice | null;
  readonly #copier: WorkerCopier | null;
  /** Layers that other threads own. */
  readonly #served: readonly ServedSource[];
  readonly #pack: DiskPack | null;
  readonly #mirrors: MirrorRecords;
  readonly #limit: RateLimit;
  readonly #diskBucket: TokenBucket;
  readonly #guest: GuestSide;
  readonly #streams: DiskStreams;
  readonly #tell: (event: DiskEvent) => void;
  #cancelLetGo: (() => void) | null = null;

  static async open(
    spec: DiskSpec,
    clock: Clock,
    tell: (event: DiskEvent) => void,
  ): Promise<Result<OpenDisk>> {
    const sources = await openSources(spec, clock, tell);
    return sources.ok ? ok(new OpenDisk(sources.value, spec, clock, tell)) : sources;
  }

  private constructor(
    { device, copier, served, seals, pack, mirrors }: DiskSources,
    spec: DiskSpec,
    clock: Clock,
    tell: (event: DiskEvent) => void,
  ) {
    this.#clock = clock;
    this.#tell = tell;
    this.#copier = copier;
    this.#served = served;
    this.#pack = pack;
    this.#mirrors = mirrors;
    this.#overlay = device instanceof QedDevice ? device : null;
    this.#diskBucket = new TokenBucket(clock, 0);
    this.#limit = new BucketChain([...commonLimit(spec, clock), this.#diskBucket]);
    this.#guest = new GuestSide(device, this.#overlay, {
      spec,
      clock,
      limit: this.#limit,
      parts: pack?.parts,
      sinceDemandMs: () => this.#diskBucket.quietMs(),
      leftToJob: () => this.#streams.fillsTopmost,
      // Whoever gets an answer first tells the other: each backs off by itself, for up to 30 s.
      sourceAnswered: () => this.#streams.retryNow(),
      tell,
    });
    this.#streams = new DiskStreams({
      spec: { ...spec, chain: withoutPorts(spec.chain) },
      overlay: this.#overlay,
      clock,
      limit: this.#limit,
      seals,
      standsBack: () => pack?.comesFirst ?? false,
      order: () => [...bootOrder(spec, clock), this.#guest.order],
      listener: (event) => this.#hearJob(event),
    });
  }

  /** The disk as its guest sees it. */
  get device(): BlockDevice {
    return this.#guest.device;
  }

  /** True where zeroes are marked and not written. */
  get marksZeroes(): boolean {
    return this.#overlay !== null;
  }

  /** True while a job's thread copies for the disk. */
  get copying(): boolean {
    return this.#streams.copying;
  }

  /** Bytes per second for everything this disk fetches; 0 for no limit. */
  setLimit(bytesPerSecond: number): void {
    this.#diskBucket.setRate(bytesPerSecond);
  }

  /**
   * A guest uses the disk from now on: what works in the background stands back.
   * @param boots what a boot reads is worth fetching ahead of it
   */
  guestConnected(boots = true): void {
    this.#copier?.standBack();
    if (boots && this.#overlay !== null) this.#pack?.start(this.#overlay, this.#limit);
  }

  /** Starts a job that fills an image of the chain from what lies behind it. Failures carry QEMU's texts. */
  startStream(spec: StreamSpec): Promise<Result<void>> {
    return this.#streams.start(spec);
  }

  /** The job with this id, or `not-found`. */
  job(id: string): Result<StreamJob> {
    return this.#streams.find(id);
  }

  /** Names what the guest sees, durably. It must be standing still, with everything it wrote stored. */
  async stampContent(stamp: ContentStamp): Promise<Result<void>> {
    if (this.#overlay !== null) return this.#overlay.stampContent(stamp);
    return err('unsupported', `'${this.device.name}' is no QED image: its content cannot be named`);
  }

  /** The network is back, or somebody thinks so: whatever waits for a source tries again at once. */
  retryNow(): void {
    this.#pack?.retryNow();
    this.#guest.retryReads();
    this.#streams.retryNow();
  }

  /**
   * Goes on over another connection to a layer of the chain, whose thread has died. What waits for the layer gets its
   * answer there.
   */
  async reconnect(location: string, port: MessagePort): Promise<Result<void>> {
    const source = this.#served.find(({ name }) => name === location);
    if (source !== undefined) return source.reconnect(port);
    port.close();
    return err('not-found', `'${this.device.name}' reads nothing through the thread of '${location}'`);
  }

  /**
   * A guest is about to boot: what it reads of its source is told afterwards, as `boot-recorded`.
   * @param quietMs how long a disk that nobody reads means that the boot is over; 15 s unless given
   */
  recordBoot(quietMs?: number): void {
    this.#guest.recordBoot(quietMs);
  }

  /** The guest's login prompt was seen: a boot that is being recorded is over. */
  bootEnded(): void {
    this.#guest.bootEnded();
  }

  /** For each of `cells` equal stretches of the disk. */
  activity(cells: number): DiskActivity {
    return {
      filling: sharesIn(this.#overlay?.claimed() ?? [], this.device.lengthBytes, cells),
      demanded: this.#guest.demandShares(cells),
    };
  }

  /** The images of the disk, topmost first. */
  layers(): DiskLayer[] {
    const topmost = this.#overlay ?? this.device;
    return this.#streams.layers.map((layer) => describeLayer(layer, topmost));
  }

  status(): DiskStatus {
    const image = this.#overlay?.image;
    return {
      lengthBytes: this.device.lengthBytes,
      standalone: image === undefined || image.backing === null,
      flags: {
        copyOnRead: image?.hasCompatFeature('COPY_ON_READ') ?? false,
        stream: image?.hasCompatFeature('STREAM') ?? false,
      },
      contentStamp: image?.contentStamp ?? null,
      guest: this.#guest.counters,
      waiting: this.#guest.waiting,
      bootPack: this.#pack?.status ?? null,
      mirrors: mergeReports([...this.#mirrors.reports(), ...(this.#copier?.mirrors() ?? [])]),
      job: this.#streams.topJob,
      jobs: this.#streams.query(),
    };
  }

  /**
   * Nothing waits for a source any more that is known to be lost: its reads fail. One that is only silent gets a
   * moment, then its connections are ended. To be called when nobody needs the disk any more, before it is closed.
   */
  stopWaiting(): void {
    if (this.#cancelLetGo !== null) return;
    this.#guest.giveUpWaiting();
    this.#cancelLetGo = this.#clock.after(SILENT_SOURCE_MS, () => {
      if (this.#overlay?.remote === true) void this.#overlay.backing?.close();
      for (const source of this.#served) void source.close();
      void this.#copier?.close();
      this.#pack?.letGo();
      this.#streams.letGo();
    });
  }

  /** Ends the job, resumably, makes everything durable and closes the images. */
  async close(): Promise<Result<void>> {
    this.stopWaiting();
    await this.#streams.end();
    const tidyPack = this.#overlay === null ? null : await this.#pack?.end(this.#overlay);
    const closed = await this.device.close();
    this.#cancelLetGo?.();
    await this.#copier?.close();
    if (closed.ok) tidyPack?.();
    return closed;
  }

  #hearJob(event: JobEvent): void {
    if (event.event === 'STREAM_SOURCE_BACK') this.#guest.retryReads();
    if (event.event === 'BLOCK_JOB_COMPLETED' && this.#overlay?.image.backing === null)
      this.#pack?.completed();
    this.#tell({ kind: 'job', event });
  }
}

/** What a start reads: as it was learned here, or else as whoever published the master recorded it. */
function bootOrder({ bootProfile, chain }: DiskSpec, clock: Clock): OrderPolicy[] {
  if (bootProfile !== undefined) return [new BootProfile(bootProfile)];
  const published = layersOf(chain).find((layer) => layer.published !== undefined)?.published;
  return published?.description.bootProfile === undefined
    ? []
    : [new PublishedProfile(clock, () => fetchBootProfile(published, clock))];
}

/** What all disks share, as far as there is such a thing. */
function commonLimit({ globalLimit, share }: DiskSpec, clock: Clock): RateLimit[] {
  if (globalLimit === undefined) return [];
  const bucket = new TokenBucket(clock, undefined, globalLimit);
  return [share === undefined ? bucket : new FairShare(bucket, clock, share)];
}
