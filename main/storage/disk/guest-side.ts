import type { Clock } from '../../../shared/clock.ts';
import type { BlockDevice } from '../../block/device.ts';
import type { KnownParts } from '../../block/known-parts.ts';
import type { QedDevice } from '../../qed/device.ts';
import { WAIT } from '../../streaming/waiting/back-off.ts';
import { CopyOnReadDevice } from '../../streaming/copy-on-read/copy-on-read-device.ts';
import { DemandMap } from '../../streaming/copy-on-read/demand-map.ts';
import type { GuestAccess } from '../../streaming/order/guest-access.ts';
import type { RateLimit } from '../../streaming/limits/rate-limit.ts';
import { BootWatch } from '../../streaming/order/boot-watch.ts';
import { GuestLed } from '../../streaming/order/guest-led.ts';
import type { DiskEvent, WaitingReads } from './disk-events.ts';
import type { DiskSpec } from './disk-spec.ts';

export interface GuestCounters {
  readonly reads: number;
  readonly readBytes: number;
  /** Reads that had to go to the backing device. */
  readonly missedReads: number;
  /** What reads took together, in milliseconds, while the disk lies on something. */
  readonly readMs: number;
  readonly writes: number;
  readonly writtenBytes: number;
}

export interface GuestSideParts {
  readonly spec: DiskSpec;
  readonly clock: Clock;
  readonly limit: RateLimit;
  /** What comes without being asked of the source. */
  readonly parts: KnownParts | undefined;
  /** Milliseconds since a guest last waited for this disk's source; 0 while one does. */
  readonly sinceDemandMs: () => number;
  /** True while a job copies everything that is missing. */
  readonly leftToJob: () => boolean;
  /** A read came back from the source. */
  readonly sourceAnswered: () => void;
  readonly tell: (event: DiskEvent) => void;
}

/** What a guest sees of an open disk, and what is learned from watching it. */
export class GuestSide {
  readonly device: BlockDevice;
  /** Where the guest reads is where the stream job goes next, if its source is far away. */
  readonly order = new GuestLed();
  readonly #parts: GuestSideParts;
  readonly #overlay: QedDevice | null;
  readonly #demand: DemandMap | null;
  #boot: BootWatch | null = null;
  #waiting: WaitingReads | null = null;
  readonly #counters = { reads: 0, readBytes: 0, missedReads: 0, readMs: 0, writes: 0, writtenBytes: 0 };

  /**
   * @param device the disk as its images are
   * @param overlay its topmost image, where that is one
   */
  constructor(device: BlockDevice, overlay: QedDevice | null, parts: GuestSideParts) {
    this.#parts = parts;
    const copies = overlay !== null && copiesOnRead(overlay, parts.spec);
    this.#demand = copies ? new DemandMap(overlay.lengthBytes, overlay.clusterBytes) : null;
    this.#overlay = copies ? overlay : null;
    this.device = copies ? this.#copyOnRead(overlay) : device;
  }

  get counters(): GuestCounters {
    return { ...this.#counters };
  }

  /** Reads that stand still because their source does not answer. */
  get waiting(): WaitingReads | null {
    return this.#waiting;
  }

  /** What part of each of `cells` equal stretches came because a guest waited for it, since the disk was opened. */
  demandShares(cells: number): number[] {
    return this.#demand?.shares(cells) ?? new Array<number>(cells).fill(0);
  }

  /** A guest is about to boot. Where nothing is copied on read, nothing is recorded either. */
  recordBoot(quietMs?: number): void {
    this.#boot?.stop();
    this.#boot = this.#overlay === null ? null : this.#watchBoot(this.#overlay, quietMs);
  }

  /** The guest's login prompt was seen. */
  bootEnded(): void {
    this.#boot?.finish();
  }

  /** Lets reads that wait for a lost source try again at once. */
  retryReads(): void {
    if (this.device instanceof CopyOnReadDevice) this.device.retryNow();
  }

  /** Nobody needs the disk any more: reads that wait for a lost source fail. */
  giveUpWaiting(): void {
    this.#boot?.stop();
    if (this.device instanceof CopyOnReadDevice) this.device.giveUpWaiting();
  }

  #copyOnRead(overlay: QedDevice): BlockDevice {
    const { clock, limit, leftToJob, parts, spec, tell } = this.#parts;
    return new CopyOnReadDevice(overlay, {
      clock,
      limit,
      parts,
      leftToJob,
      ...(spec.onSourceLost === 'wait' && { onSourceLost: WAIT }),
      observer: {
        guestAccess: (access) => this.#note(access),
        waitingForData: (state) => {
          this.#waiting = state && { reads: state.reads, failure: state.failure };
          tell({ kind: 'waiting', waiting: this.#waiting });
        },
        storeFailed: (_range, failure) => tell({ kind: 'store-failed', failure }),
      },
    });
  }

  #watchBoot(overlay: QedDevice, quietMs: number | undefined): BootWatch {
    const { clock, sinceDemandMs, tell } = this.#parts;
    return new BootWatch({
      clock,
      sourceBytes: overlay.backing?.lengthBytes ?? 0,
      sinceDemandMs,
      quietMs,
      done: (ranges, end) => tell({ kind: 'boot-recorded', ranges, end }),
    });
  }

  #note(access: GuestAccess): void {
    const { kind, length, missed } = access;
    this.#counters[kind === 'read' ? 'reads' : 'writes']++;
    this.#counters[kind === 'read' ? 'readBytes' : 'writtenBytes'] += length;
    this.#counters.readMs += access.tookMs ?? 0;
    this.#boot?.note(access);
    if (!missed) return;
    this.#counters.missedReads++;
    this.#demand?.note(access);
    // What lies on this machine is at hand wherever it is: the job copies it from one end to the other.
    if (this.#overlay?.remote === true) this.order.noteMiss(access);
    this.#parts.sourceAnswered();
  }
}

function copiesOnRead(overlay: QedDevice, { copyOnRead }: DiskSpec): boolean {
  if (overlay.readOnly || overlay.backing === null || copyOnRead === 'off') return false;
  return copyOnRead === 'on' || overlay.image.hasCompatFeature('COPY_ON_READ');
}
