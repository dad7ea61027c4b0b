import type { Clock } from '../../shared/clock.ts';
import type { DiskView, StreamCommand } from '../../shared/ipc/machines.ts';
import { OneAtATime } from '../../shared/one-at-a-time.ts';
import { DONE, type Failure, type Result } from '../../shared/result.ts';
import type { Range } from '../block/range.ts';
import type { WrongBytes } from '../block/verified/mirror-set.ts';
import type { DiskRow } from '../catalog/tables/disks.ts';
import type { JobEvent } from '../streaming/job/job-events.ts';
import type { BootEnd } from '../streaming/order/boot-watch.ts';
import { CLOSED, DiskOpening, type LiveDiskHearer } from './disk-opening.ts';
import type { DiskResourceParts } from './disk-resources.ts';
import { diskView } from './disk-view.ts';
import type { DiskRows } from './disk-rows.ts';
import { ImageUse } from './image-use.ts';
import { ImageWatch, type Look } from './image-watch.ts';
import type { LiveDisk } from './live-disk.ts';
import { OverlayReaders, type BackingServer } from './overlay-readers.ts';
import { unlessGone, type OpenDisk, type OpenedDisk } from './opened-disk.ts';
import { StreamPermission, type PermissionParts } from './stream-permission.ts';

export interface DiskControlParts extends PermissionParts, DiskResourceParts {
  readonly clock: Clock;
  readonly open: OpenDisk;
  /** Looks at the image file; quick where nothing has changed since the last time. */
  readonly look: (control: DiskControl) => Promise<Look>;
  readonly changed: (view: DiskView) => void;
  /** The image names no backing file any more. */
  readonly completed: (control: DiskControl) => void;
  /** Something has happened to a job, whoever started it. */
  readonly jobTold: (control: DiskControl, event: JobEvent) => void;
  /** A job ended with this failure. */
  readonly failed: (control: DiskControl, failure: Failure) => void;
  /** A guest has booted, and read this for it. */
  readonly bootRecorded: (control: DiskControl, ranges: readonly Range[], end: BootEnd) => void;
  /** A copy could not be kept, or entries not be written. */
  readonly storeFailed: (control: DiskControl, failure: Failure) => void;
  readonly wrongBytes: (control: DiskControl, wrong: WrongBytes) => void;
  readonly packLost: (control: DiskControl, failure: Failure) => void;
  /** The open disk did not do what it was told: its job or its limit is not what it should be. */
  readonly refused: (control: DiskControl, failure: Failure) => void;
}

/** How long a disk that others need and that cannot be opened is left alone. */
const REOPEN_MS = 2000;

/**
 * One overlay: opens it when a machine, its stream or a disk that lies on it needs it, keeps its job as the user and the rules want it, and
 * closes it when nobody needs it any more.
 *
 * What should be is computed from the rows, the rules and who uses the disk; {@link settle} compares it with what is
 * and takes the next steps. Every cause of change only calls it, so that there is one place where jobs are started,
 * paused and ended, and one at a time.
 */
export class DiskControl {
  readonly id: string;
  readonly #parts: DiskControlParts;
  readonly #watch: ImageWatch;
  readonly #permission: StreamPermission;
  readonly #use = new ImageUse(() => this.#rows.row.path);
  readonly #readers = new OverlayReaders({
    use: this.#use,
    settle: () => this.settle(),
    opened: () => this.#opening.outcome,
  });
  readonly #opening: DiskOpening;
  #rows: DiskRows;
  /** What came of steering the job the last time. */
  #steered: Result<void> = DONE;
  #goOnAfterError = false;
  readonly #queue = new OneAtATime();
  #looking: Promise<void> = Promise.resolve();
  #lastPublished = '';
  #ended = false;

  constructor(rows: DiskRows, parts: DiskControlParts) {
    this.id = rows.row.id;
    this.#rows = rows;
    this.#parts = parts;
    this.#permission = new StreamPermission(this.id, parts);
    this.#watch = new ImageWatch(parts.clock, () => parts.look(this));
    this.#opening = new DiskOpening({
      ...parts,
      hear: this.#hear(),
      refused: (failure) => parts.refused(this, failure),
      limit: () => this.#limit,
    });
  }

  get rows(): DiskRows {
    return this.#rows;
  }

  get usedByMachine(): boolean {
    return this.#use.byMachine;
  }

  /** By a machine, by machines whose disks lie on it, or by other work on the image. */
  get isInUse(): boolean {
    return this.#inUse || this.#use.byWork;
  }

  get isOpen(): boolean {
    return this.#opening.live !== null;
  }

  /** True once nothing behind the image is needed any more. */
  get complete(): boolean {
    return this.#opening.live?.status?.standalone ?? this.#watch.facts.standalone;
  }

  /** It streams, or will without anybody's help; as far as is known, which may be little yet. */
  get willStream(): boolean {
    const { row, stream } = this.#rows;
    if (row.kind === 'linked' || stream.wanted !== 'running' || stream.failure !== null) return false;
    return !this.complete && this.#watch.facts.problem === null && this.#permission.heldBy !== 'metered';
  }

  get view(): DiskView {
    return diskView({
      ...this.#rows,
      file: this.#watch.facts,
      status: this.#opening.live?.status ?? null,
      waiting: this.#opening.live?.waiting ?? null,
      openFailure: this.#opening.failure,
      limit: this.#limit,
      heldBy: this.#permission.heldBy,
      nowMs: this.#parts.clock.now(),
    });
  }

  /** The rows have changed; {@link settle} follows. */
  setRows(rows: DiskRows): Promise<void> {
    if (isOtherImage(this.#rows.row, rows.row)) this.#watch.startAnew();
    this.#rows = rows;
    this.#opening.setPriority(rows.stream.priority);
    return this.settle();
  }

  /** Opens the disk for a machine, whatever its stream does. The caller must call {@link release}. */
  async acquire(): Promise<Result<OpenedDisk>> {
    const taken = this.#use.takeForMachine();
    if (!taken.ok) return taken;
    this.#opening.forgetFailure();
    await this.settle();
    const { outcome } = this.#opening;
    if (!outcome.ok) this.#use.leftByMachine();
    return outcome;
  }

  release(): Promise<void> {
    this.#use.leftByMachine();
    return this.settle();
  }

  /** For disks that lie on this one. */
  get asBacking(): BackingServer {
    return this.#readers;
  }

  /**
   * Keeps everybody off the image while `work` runs; a stream in the background ends, resumably, and goes on later.
   * Fails with `busy` while a machine uses it.
   * @param what for messages: 'being checked'
   */
  async occupy<T>(what: string, work: () => Promise<Result<T>>): Promise<Result<T>> {
    const taken = this.#use.takeForWork(what);
    if (!taken.ok) return taken;
    try {
      await this.settle();
      return await work();
    } finally {
      this.#use.workDone();
      await this.look();
      await this.settle();
    }
  }

  /** What a command asks of the disk at once, beyond what the rows say. */
  async steer(command: StreamCommand): Promise<Result<void>> {
    this.#opening.forgetFailure();
    if (command !== 'pause' && command !== 'cancel') this.#goOnAfterError = true;
    if (command === 'resume-anyway' || command === 'complete-now') this.#permission.allowDespiteMetered();
    await this.settle();
    const { outcome } = this.#opening;
    if (outcome.ok) {
      if (!this.#steered.ok) return this.#steered;
      return command === 'retry-now' ? unlessGone(await outcome.value.retryNow()) : DONE;
    }
    return outcome.failure === CLOSED ? DONE : outcome;
  }

  /** The disk as it is open; null while it is not. */
  get opened(): OpenedDisk | null {
    return this.#opening.opened;
  }

  /** The rules or the limit of the disk have changed. */
  async applyLimit(): Promise<Result<void>> {
    this.#permission.rulesChanged();
    const limited = await this.#opening.applyLimit();
    this.publish();
    return limited;
  }

  /** Looks at the image file again. */
  look(): Promise<void> {
    this.#looking = this.#lookNow();
    return this.#looking;
  }

  publish(): void {
    const { view } = this;
    const text = JSON.stringify(view);
    if (text === this.#lastPublished || this.#ended) return;
    this.#lastPublished = text;
    this.#parts.changed(view);
  }

  /** Closes the disk for good, making everything durable; its stream can be resumed. */
  async end(): Promise<Result<void>> {
    this.#ended = true;
    await Promise.all([this.#queue.idle(), this.#looking.catch(() => undefined)]);
    return this.#opening.close();
  }

  /** Brings the disk into the state it should be in. Resolves when that was tried with all that was known at the call. */
  settle(): Promise<void> {
    return this.#queue.run(() => this.#settleNow());
  }

  async #settleNow(): Promise<void> {
    if (this.#ended) return;
    const streams = this.#shouldStream();
    if (streams || this.#inUse) {
      const live = await this.#opening.open(this.#rows);
      if (live !== null) {
        if (live.opened !== null) await this.#readers.renew(live.opened);
        await this.#steer(live, streams);
      } else {
        this.#parts.giveBackSlot(this.id);
        await this.look();
        if (this.#readers.any) this.#parts.clock.after(REOPEN_MS, () => void this.settle());
      }
    } else {
      const wasOpen = this.isOpen;
      const closed = await this.#opening.close();
      if (!closed.ok) this.#parts.storeFailed(this, closed.failure);
      if (wasOpen) await this.look();
    }
    this.publish();
  }

  #shouldStream(): boolean {
    const situation = {
      rows: this.#rows,
      complete: this.complete,
      usable: this.#watch.facts.problem === null,
      inUse: this.#inUse,
      openFailed: this.#opening.failure !== null,
      occupied: this.#use.byWork,
    };
    return this.#permission.ask(situation);
  }

  /** By a machine, or by machines whose disks lie on it. */
  get #inUse(): boolean {
    return this.#use.byMachine || this.#readers.any;
  }

  get #limit(): number {
    return this.#rows.stream.limit ?? this.#parts.rules().diskLimit;
  }

  async #steer(live: LiveDisk, runs: boolean): Promise<void> {
    const { stream } = this.#rows;
    this.#steered = await live.steer({ runs, stream, goOnAfterError: this.#goOnAfterError });
    if (!this.#steered.ok) this.#parts.refused(this, this.#steered.failure);
    this.#goOnAfterError = false;
  }

  /** What is heard of the open disk. */
  #hear(): LiveDiskHearer {
    const parts = this.#parts;
    return {
      asked: ({ standalone }) => this.#tellWhenComplete(standalone),
      tick: () => this.#tick(),
      lost: () => this.#lost(),
      waits: () => this.publish(),
      jobTold: (event) => parts.jobTold(this, event),
      jobChanged: () => void this.settle(),
      jobFailed: (failure) => parts.failed(this, failure),
      bootRecorded: (ranges, end) => parts.bootRecorded(this, ranges, end),
      storeFailed: (failure) => parts.storeFailed(this, failure),
      wrongBytes: (wrong) => parts.wrongBytes(this, wrong),
      packLost: (failure) => parts.packLost(this, failure),
    };
  }

  /** The next who needs the disk opens it again; at once, where others lie on it and wait. */
  #lost(): void {
    this.#parts.giveBackSlot(this.id);
    if (this.#readers.any) void this.settle();
  }

  async #tick(): Promise<void> {
    if (this.#watch.isDue) await this.look();
    this.publish();
  }

  async #lookNow(): Promise<void> {
    if (this.#ended) return;
    await this.#watch.look();
    this.#tellWhenComplete(this.complete);
    this.publish();
  }

  #tellWhenComplete(complete: boolean): void {
    if (complete && this.#rows.stream.completedMs === null) this.#parts.completed(this);
  }
}

/** A file that was moved has another path, and what was completed another master; only another image has both. */
function isOtherImage(before: DiskRow, now: DiskRow): boolean {
  return before.path !== now.path && before.masterId !== now.masterId;
}
