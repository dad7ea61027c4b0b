import type { Clock } from '../../../shared/clock.ts';
import { DONE, err, ok, type Err, type Result } from '../../../shared/result.ts';
import type { BlockDevice } from '../../block/device.ts';
import { QedDevice } from '../../qed/device.ts';
import { WAIT } from '../../streaming/back-off.ts';
import { CopyOnReadDevice } from '../../streaming/copy-on-read.ts';
import { BucketChain } from '../../streaming/limits/bucket-chain.ts';
import type { RateLimit } from '../../streaming/limits/rate-limit.ts';
import { TokenBucket } from '../../streaming/limits/token-bucket.ts';
import { JobTable } from '../../streaming/job/job-table.ts';
import type { StreamJob, StreamJobInfo } from '../../streaming/job/stream-job.ts';
import { overlayTarget, type StreamTarget } from '../../streaming/job/stream-target.ts';
import { GuestLed } from '../../streaming/order/guest-led.ts';
import { baseTarget } from '../chain/base-target.ts';
import { backingReferenceFor, layersOf, type ImageChain } from '../chain/image-chain.ts';
import { openChain } from '../chain/open.ts';
import { WorkerCopier } from '../worker-copier.ts';
import type { DiskEvent } from './disk-events.ts';
import type { DiskSpec, StreamSpec } from './disk-spec.ts';

/** What is known of a disk at a moment; bytes of guest range. */
export interface DiskStatus {
  readonly lengthBytes: number;
  /** True when the image names no backing file any more. */
  readonly standalone: boolean;
  /** The image's own wishes, see `COPY_ON_READ` and `STREAM` in `main/qed/format.ts`. */
  readonly flags: { readonly copyOnRead: boolean; readonly stream: boolean };
  readonly guest: GuestCounters;
  readonly job: StreamJobInfo | null;
}

export interface GuestCounters {
  readonly reads: number;
  readonly readBytes: number;
  /** Reads that had to go to the backing device. */
  readonly missedReads: number;
  readonly writes: number;
  readonly writtenBytes: number;
}

/**
 * A disk with all that Headwater adds to it: its chain of images, copy-on-read, its streaming job, its limits. Lives
 * in one thread; {@link device} is what the guest sees.
 */
export class OpenDisk {
  readonly device: BlockDevice;
  readonly #clock: Clock;
  readonly #spec: DiskSpec;
  readonly #overlay: QedDevice | null;
  readonly #copier: WorkerCopier | null;
  readonly #limit: RateLimit;
  readonly #diskBucket: TokenBucket;
  readonly #guestLed = new GuestLed();
  readonly #jobs: JobTable;
  readonly #tell: (event: DiskEvent) => void;
  #job: StreamJob | null = null;
  readonly #guest = { reads: 0, readBytes: 0, missedReads: 0, writes: 0, writtenBytes: 0 };

  static async open(
    spec: DiskSpec,
    clock: Clock,
    tell: (event: DiskEvent) => void,
  ): Promise<Result<OpenDisk>> {
    let copier: WorkerCopier | null = null;
    const opened = await openChain(spec.chain, {
      clock,
      readOnly: spec.readOnly,
      deferRemote: spec.onSourceLost === 'wait',
      ...(spec.connections !== undefined && { connections: spec.connections }),
      qed: {
        onBackgroundFailure: ({ failure }) => tell({ kind: 'store-failed', failure }),
      },
      copier: (image, source) => {
        copier = new WorkerCopier({
          source,
          imagePath: image.file.path,
          clusterBytes: image.geometry.clusterBytes,
          allocator: image.allocator.shared,
          connections: spec.connections,
        });
        return copier;
      },
    });
    if (!opened.ok) return opened;
    const incomplete = lacksBacking(opened.value);
    if (incomplete === null) return ok(new OpenDisk(opened.value, copier, spec, clock, tell));
    await opened.value.close();
    return incomplete;
  }

  private constructor(
    device: BlockDevice,
    copier: WorkerCopier | null,
    spec: DiskSpec,
    clock: Clock,
    tell: (event: DiskEvent) => void,
  ) {
    this.#spec = spec;
    this.#clock = clock;
    this.#tell = tell;
    this.#copier = copier;
    this.#overlay = device instanceof QedDevice ? device : null;
    this.#diskBucket = new TokenBucket(clock, 0);
    this.#limit = new BucketChain([
      ...(spec.globalLimit === undefined ? [] : [new TokenBucket(clock, undefined, spec.globalLimit)]),
      this.#diskBucket,
    ]);
    this.#jobs = new JobTable((event) => tell({ kind: 'job', event }));
    this.device = this.#guestView(device);
  }

  /** Bytes per second for everything this disk fetches; 0 for no limit. */
  setLimit(bytesPerSecond: number): void {
    this.#diskBucket.setRate(bytesPerSecond);
  }

  /** Starts a job that fills the image from what lies behind it. Failures carry QEMU's texts. */
  startStream(spec: StreamSpec): Result<void> {
    const target = this.#target(spec.baseLayer);
    if (!target.ok) return target;
    const started = this.#jobs.stream({
      id: spec.jobId,
      target: target.value,
      nodes: [this.device.name],
      clock: this.#clock,
      speed: spec.speed,
      limit: this.#limit,
      onError: spec.onError,
      order: [this.#guestLed],
      ...(this.#spec.onSourceLost === 'wait' && { onSourceLost: WAIT }),
    });
    if (!started.ok) return started;
    this.#job = started.value;
    return DONE;
  }

  /** The job with this id, or `not-found`. */
  job(id: string): Result<StreamJob> {
    return this.#jobs.find(id);
  }

  /** The network is back, or somebody thinks so: whatever waits for a source tries again at once. */
  retryNow(): void {
    if (this.device instanceof CopyOnReadDevice) this.device.retryNow();
    this.#job?.retryNow();
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
      guest: { ...this.#guest },
      job: this.#job?.info() ?? null,
    };
  }

  /** Ends the job, resumably, makes everything durable and closes the images. */
  async close(): Promise<Result<void>> {
    await this.#jobs.cancelAll();
    const closed = await this.device.close();
    await this.#copier?.close();
    return closed;
  }

  #guestView(device: BlockDevice): BlockDevice {
    const overlay = this.#overlay;
    if (overlay === null || overlay.readOnly || overlay.backing === null) return device;
    const { copyOnRead, onSourceLost } = this.#spec;
    if (copyOnRead === 'off' || (copyOnRead === 'image' && !overlay.image.hasCompatFeature('COPY_ON_READ'))) {
      return device;
    }
    return new CopyOnReadDevice(overlay, {
      clock: this.#clock,
      limit: this.#limit,
      ...(onSourceLost === 'wait' && { onSourceLost: WAIT }),
      observer: {
        guestAccess: (access) => {
          const { kind, length, missed } = access;
          this.#guest[kind === 'read' ? 'reads' : 'writes']++;
          this.#guest[kind === 'read' ? 'readBytes' : 'writtenBytes'] += length;
          if (!missed) return;
          this.#guest.missedReads++;
          this.#guestLed.noteMiss(access);
        },
        waitingForData: (state) => {
          const waiting = state && { reads: state.reads, failure: state.failure };
          this.#tell({ kind: 'waiting', waiting });
        },
        storeFailed: (_range, failure) => this.#tell({ kind: 'store-failed', failure }),
      },
    });
  }

  #target(baseLayer: number | undefined): Result<StreamTarget> {
    const overlay = this.#overlay;
    if (overlay === null) {
      return err('unsupported', `'${this.device.name}' is a raw image: there is nothing to stream into it`);
    }
    if (baseLayer === undefined) return overlayTarget(overlay);
    const layers = layersOf(this.#spec.chain);
    const base = layers[baseLayer];
    if (base === undefined || baseLayer < 1) {
      return err('invalid-argument', `'${this.device.name}' has no layer ${baseLayer} behind it`);
    }
    const between = devicesBehind(overlay).slice(0, baseLayer - 1);
    return baseTarget(overlay, between, {
      reference: backingReferenceFor(this.#spec.chain, base),
      open: () => this.#openBase(base),
    });
  }

  #openBase(base: ImageChain): Promise<Result<BlockDevice>> {
    return openChain(base, { clock: this.#clock, readOnly: true });
  }
}

/** A guest on an overlay whose backing file nobody named would see zeroes where its data is, and write them back. */
function lacksBacking(device: BlockDevice): Err | null {
  if (!(device instanceof QedDevice) || device.backing !== null || device.image.backing === null) return null;
  return err(
    'invalid-argument',
    `'${device.name}' still needs its backing file ('${device.image.backing.name}'), which was not given`,
  );
}

/** The QED layers behind an overlay, topmost first, as far as they go. */
function devicesBehind(overlay: QedDevice): QedDevice[] {
  const next = overlay.backing;
  return next instanceof QedDevice ? [next, ...devicesBehind(next)] : [];
}
