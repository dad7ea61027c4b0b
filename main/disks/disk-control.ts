import type { MessagePort } from 'node:worker_threads';
import type { Clock } from '../../shared/clock.ts';
import type { DiskView, StreamCommand } from '../../shared/ipc/machines.ts';
import { OneAtATime } from '../../shared/one-at-a-time.ts';
import { DONE, ok, type Failure, type Result } from '../../shared/result.ts';
import type { Range } from '../block/range.ts';
import type { WrongBytes } from '../block/verified/mirror-set.ts';
import type { DiskRow } from '../catalog/tables/disks.ts';
import type { JobEvent } from '../streaming/job/job-events.ts';
import type { BootEnd } from '../streaming/order/boot-watch.ts';
import { DiskResources, type DiskResourceParts } from './disk-resources.ts';
import { diskView } from './disk-view.ts';
import type { DiskRows } from './disk-rows.ts';
import { ImageUse } from './image-use.ts';
import { ImageWatch, type Look } from './image-watch.ts';
import { LiveDisk } from './live-disk.ts';
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
    opened: () => this.#outcome(),
  });
  readonly #resources: DiskResources;
  #rows: DiskRows;
  #live: LiveDisk | null = null;
  #openFailure: Failure | null = null;
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
    this.#resources = new DiskResources(parts, ({ location }, port) => void this.#reconnect(location, port));
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
    return this.#live !== null;
  }

  /** True once nothing behind the image is needed any more. */
  get complete(): boolean {
    return this.#live?.status?.standalone ?? this.#watch.facts.standalone;
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
      status: this.#live?.status ?? null,
      waiting: this.#live?.waiting ?? null,
      openFailure: this.#openFailure,
      limit: this.#limit,
      heldBy: this.#permission.heldBy,
    });
  }

  /** The rows have changed; {@link settle} follows. */
  setRows(rows: DiskRows): Promise<void> {
    if (isOtherImage(this.#rows.row, rows.row)) this.#watch.startAnew();
    this.#rows = rows;
    this.#resources.setPriority(rows.stream.priority);
    return this.settle();
  }

  /** Opens the disk for a machine, whatever its stream does. The caller must call {@link release}. */
  async acquire(): Promise<Result<OpenedDisk>> {
    const taken = this.#use.takeForMachine();
    if (!taken.ok) return taken;
    this.#openFailure = null;
    await this.settle();
    const outcome = this.#outcome();
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
    this.#openFailure = null;
    if (command !== 'pause' && command !== 'cancel') this.#goOnAfterError = true;
    if (command === 'resume-anyway' || command === 'complete-now') this.#permission.allowDespiteMetered();
    await this.settle();
    const outcome = this.#outcome();
    if (outcome.ok) {
      if (!this.#steered.ok) return this.#steered;
      return command === 'retry-now' ? unlessGone(await outcome.value.retryNow()) : DONE;
    }
    return outcome.failure === CLOSED ? DONE : outcome;
  }

  /** The disk as it is open; null while it is not. */
  get opened(): OpenedDisk | null {
    return this.#live?.opened ?? null;
  }

  /** The rules or the limit of the disk have changed. */
  async applyLimit(): Promise<Result<void>> {
    this.#permission.rulesChanged();
    const limited = this.#live === null ? DONE : await this.#setLimit(this.#live);
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
    return this.#close();
  }

  /** Brings the disk into the state it should be in. Resolves when that was tried with all that was known at the call. */
  settle(): Promise<void> {
    return this.#queue.run(() => this.#settleNow());
  }

  async #settleNow(): Promise<void> {
    if (this.#ended) return;
    const streams = this.#shouldStream();
    if (streams || this.#inUse) {
      const live = this.#live ?? (await this.#open());
      if (live !== null) {
        if (live.opened !== null) await this.#readers.renew(live.opened);
        await this.#steer(live, streams);
      } else {
        this.#parts.giveBackSlot(this.id);
        await this.look();
        if (this.#readers.any) this.#parts.clock.after(REOPEN_MS, () => void this.settle());
      }
    } else {
      const wasOpen = this.#live !== null;
      const closed = await this.#close();
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
      openFailed: this.#openFailure !== null,
    };
    return this.#permission.ask(this.#use.byWork ? null : situation);
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

  async #open(): Promise<LiveDisk | null> {
    const { clock, open } = this.#parts;
    const spec = await this.#resources.take(this.#rows);
    const opened = !spec.ok
      ? spec
      : await LiveDisk.open(spec.value, {
          clock,
          open,
          asked: ({ standalone }) => this.#tellWhenComplete(standalone),
          tick: () => this.#tick(),
          lost: (failure) => this.#lost(failure),
          waits: () => this.publish(),
          jobTold: (event) => this.#parts.jobTold(this, event),
          jobChanged: () => void this.settle(),
          jobFailed: (failure) => this.#parts.failed(this, failure),
          bootRecorded: (ranges, end) => this.#parts.bootRecorded(this, ranges, end),
          storeFailed: (failure) => this.#parts.storeFailed(this, failure),
          wrongBytes: (wrong) => this.#parts.wrongBytes(this, wrong),
          packLost: (failure) => this.#parts.packLost(this, failure),
        });
    this.#openFailure = opened.ok ? null : opened.failure;
    if (!opened.ok) {
      this.#resources.giveBack();
      return null;
    }
    this.#live = opened.value;
    const limited = await this.#setLimit(opened.value);
    if (!limited.ok) this.#parts.refused(this, limited.failure);
    await opened.value.ask();
    opened.value.keepAsking();
    return this.#live;
  }

  async #setLimit(live: LiveDisk): Promise<Result<void>> {
    return unlessGone((await live.opened?.setLimit(this.#limit)) ?? DONE);
  }

  async #close(): Promise<Result<void>> {
    const live = this.#live;
    this.#live = null;
    const closed = (await live?.close()) ?? DONE;
    this.#resources.giveBack();
    return closed;
  }

  /** The next who needs the disk opens it again; at once, where others lie on it and wait. */
  #lost(failure: Failure): void {
    this.#live = null;
    this.#openFailure = failure;
    this.#resources.giveBack();
    this.#parts.giveBackSlot(this.id);
    if (this.#readers.any) void this.settle();
  }

  async #reconnect(location: string, port: MessagePort): Promise<void> {
    const { opened } = this;
    if (opened === null) {
      port.close();
      return;
    }
    const reconnected = unlessGone(await opened.reconnect(location, port));
    if (!reconnected.ok) this.#parts.refused(this, reconnected.failure);
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

  /** The open disk, or why it is not open. */
  #outcome(): Result<OpenedDisk> {
    const { opened } = this;
    return opened === null ? { ok: false, failure: this.#openFailure ?? CLOSED } : ok(opened);
  }
}

/** A file that was moved has another path, and what was completed another master; only another image has both. */
function isOtherImage(before: DiskRow, now: DiskRow): boolean {
  return before.path !== now.path && before.masterId !== now.masterId;
}

const CLOSED: Failure = { code: 'closed', message: 'The disk is closed' };
