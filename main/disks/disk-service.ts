import type { ClusterMapCell, DiskView, Priority, StreamCommand } from '../../shared/ipc/machines.ts';
import { DONE, ok, type Result } from '../../shared/result.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { StreamRow } from '../catalog/tables/streams.ts';
import type { Activities } from '../activities/activities.ts';
import type { Repair } from '../qed/check.ts';
import type { ImageFiles } from '../storage/overlays/image-files.ts';
import type { ImageTasks } from '../storage/overlays/image-tasks-client.ts';
import type { QemuImg } from '../storage/overlays/qemu-img.ts';
import { wantsBoot } from './boot-learning.ts';
import type { ManyStreamsCommand } from './all-streams.ts';
import type { CheckSummary } from './check-summary.ts';
import { DiskControl } from './disk-control.ts';
import { DiskEvents } from './disk-events.ts';
import { DiskRegistry } from './disk-registry.ts';
import type { DiskRows } from './disk-rows.ts';
import { DiskJobs, type DiskJobEvent } from './disk-jobs.ts';
import type { ExportFormat } from './export-disk.ts';
import { ImageWork } from './image-work.ts';
import { moveStorage } from './move-storage.ts';
import { whileUnread } from './occupy-all.ts';
import type { OpenDisk, OpenedDisk } from './opened-disk.ts';
import type { OwnFiles } from './own-files.ts';
import { fillingCopy } from './overlay-chain.ts';
import { reconcile } from './reconcile.ts';
import { StreamWishes } from './stream-wishes.ts';
import { surveyDisk } from './survey-disk.ts';
import { Emitter } from '../../shared/emitter.ts';
import { SharedBandwidth, type SharedBandwidthParts } from './shared-bandwidth.ts';

export interface DiskServiceParts extends SharedBandwidthParts {
  readonly catalog: Catalog;
  readonly nowMs: () => number;
  readonly open: OpenDisk;
  readonly files: ImageFiles;
  readonly tasks: ImageTasks;
  readonly qemuImg: QemuImg;
  readonly ownFiles: OwnFiles;
  readonly activities: Activities;
  /** Where overlays lie unless the user chose another place. */
  readonly defaultFolder: string;
  readonly storageFolder: () => string;
  readonly changed: (disk: DiskView) => void;
  readonly removed: (id: string) => void;
  /** Other machines than before need the local copies of masters. */
  readonly usersChanged: () => void;
  /** More is known of what a start of a master reads. */
  readonly bootLearned: () => void;
}

/** All overlays: those of running machines, those that stream behind, and those that only lie there. */
export class DiskService {
  readonly #parts: DiskServiceParts;
  readonly #registry: DiskRegistry;
  readonly #wishes: StreamWishes;
  readonly #work: ImageWork;
  readonly #events: DiskEvents;
  readonly #bandwidth: SharedBandwidth;
  readonly #jobEvents = new Emitter<{ job: DiskJobEvent }>();

  constructor(parts: DiskServiceParts) {
    this.#parts = parts;
    this.#registry = new DiskRegistry(parts.catalog, (rows) => this.#makeControl(rows));
    this.#wishes = new StreamWishes(this.#registry);
    this.#work = new ImageWork(parts);
    this.#events = new DiskEvents({ ...parts, usersChanged: () => this.usersChanged() }, this.#registry);
    this.#bandwidth = new SharedBandwidth(parts, this.#registry);
  }

  /** Reconciles the catalog with the files, then lets every disk stream that should. To be called once. */
  async start(): Promise<Result<void>> {
    const { catalog, files, journal, defaultFolder, storageFolder } = this.#parts;
    const folders = [...new Set([storageFolder(), defaultFolder])];
    const reconciled = await reconcile({ catalog, files, journal, folders });
    if (!reconciled.ok) return reconciled;
    const entered = this.#registry.enterAll();
    if (!entered.ok) return entered;
    // Counting takes a while for many disks; nobody waits for it. A disk streams once it is known that it must.
    void this.#lookAtAll();
    return DONE;
  }

  async list(): Promise<Result<DiskView[]>> {
    return ok(this.#registry.all().map(({ view }) => view));
  }

  /** The jobs of the disks that are open at this moment, for programs that control them. */
  get openDisks(): DiskJobs[] {
    const open = this.#registry.all().filter(({ isOpen }) => isOpen);
    return open.map(
      (control) => new DiskJobs(control, (command) => this.stream({ id: control.id, command })),
    );
  }

  /** Hears what happens to jobs. @returns a function that removes the listener */
  onJob(listener: (told: DiskJobEvent) => void): () => void {
    return this.#jobEvents.on('job', listener);
  }

  /** Null when there is none. */
  view(id: string): DiskView | null {
    return this.#registry.get(id)?.view ?? null;
  }

  /** See {@link StreamWishes.stream}. */
  stream(wanted: { id: string; command: StreamCommand }): Promise<Result<void>> {
    return this.#wishes.stream(wanted);
  }

  /** See {@link StreamWishes.streamAll}. */
  streamAll(wanted: { command: ManyStreamsCommand }): Promise<Result<void>> {
    return this.#wishes.streamAll(wanted);
  }

  /** See {@link StreamWishes.streamingCount}. */
  get streamingCount(): number {
    return this.#wishes.streamingCount;
  }

  /** See {@link StreamWishes.setLimit}. */
  setLimit(wanted: { id: string; limit: number | null }): Promise<Result<void>> {
    return this.#wishes.setLimit(wanted);
  }

  setOnError(wanted: { id: string; onError: StreamRow['onError'] }): Promise<Result<void>> {
    return this.#wishes.setOnError(wanted);
  }

  setPriority(wanted: { id: string; priority: Priority }): Promise<Result<void>> {
    return this.#wishes.setPriority(wanted);
  }

  async check({ id, repair }: { id: string; repair: Repair }): Promise<Result<CheckSummary>> {
    const control = this.#registry.find(id);
    return control.ok ? this.#work.check(control.value, repair) : control;
  }

  async map({ id, cells }: { id: string; cells: number }): Promise<Result<ClusterMapCell[]>> {
    const control = this.#registry.find(id);
    return control.ok ? this.#work.map(control.value, cells) : control;
  }

  async export(wanted: { id: string; path: string; format: ExportFormat }): Promise<Result<void>> {
    const control = this.#registry.find(wanted.id);
    return control.ok ? this.#work.export(control.value, wanted.path, wanted.format) : control;
  }

  /** For a machine that starts. The caller must call {@link release}. */
  async acquire(id: string): Promise<Result<OpenedDisk>> {
    const control = this.#registry.find(id);
    return control.ok ? control.value.acquire() : control;
  }

  async release(id: string): Promise<void> {
    await this.#registry.get(id)?.release();
  }

  /** The machine that has the disk is about to boot its guest: what that reads is learned from, where it teaches anything. */
  async recordBoot(id: string, isFirst: boolean): Promise<void> {
    const control = this.#registry.get(id);
    if (control === null || !wantsBoot(this.#parts.catalog, control.rows, isFirst)) return;
    this.#parts.journal.report((await control.opened?.recordBoot()) ?? DONE);
  }

  /** The guest's login prompt was seen. */
  async bootEnded(id: string): Promise<void> {
    this.#parts.journal.report((await this.#registry.get(id)?.opened?.bootEnded()) ?? DONE);
  }

  /** The number of parallel streams is another one. */
  recountTurns(): void {
    this.#bandwidth.recountTurns();
  }

  /** Keeps machines and streams off an image while `work` changes its rows or files; see {@link DiskControl.occupy}. */
  async occupy<T>(
    id: string,
    what: string,
    work: (control: DiskControl) => Promise<Result<T>>,
  ): Promise<Result<T>> {
    const control = this.#registry.find(id);
    return control.ok ? control.value.occupy(what, () => work(control.value)) : control;
  }

  /** Memory of the bucket that everything draws on. */
  get globalLimit(): SharedArrayBuffer {
    return this.#bandwidth.globalLimit;
  }

  /** Does `work` while neither the disk nor the copy it lies on streams, as far as nobody else uses them. */
  async quietly<T>(id: string, work: () => Promise<Result<T>>): Promise<Result<T>> {
    const copy = fillingCopy(this.#registry.get(id)?.rows.masters ?? []);
    const hold = async (held: string, then: () => Promise<Result<T>>): Promise<Result<T>> => {
      const control = this.#registry.get(held);
      return control === null || control.isInUse ? then() : control.occupy('about to be started', then);
    };
    return hold(id, () => (copy === null ? work() : hold(copy.id, work)));
  }

  /** A new disk is in the catalog. */
  async adopt(id: string): Promise<Result<void>> {
    const entered = this.#registry.enter(id);
    if (!entered.ok) return entered;
    this.usersChanged();
    await entered.value.look();
    void entered.value.settle();
    return DONE;
  }

  /** Machines have come, gone, or have other names: the copies that they need tell of it. */
  usersChanged(): void {
    this.#parts.journal.report(this.#registry.usersChanged());
    this.#parts.usersChanged();
  }

  /** The rows of a disk that is known are others now. */
  refresh(id: string): Result<void> {
    const control = this.#registry.find(id);
    return control.ok ? this.#registry.refresh(control.value) : control;
  }

  /** A disk is not in the catalog any more. */
  async forget(id: string): Promise<void> {
    const control = this.#registry.remove(id);
    this.#bandwidth.giveBackSlot(id);
    this.usersChanged();
    this.#parts.journal.report((await control?.end()) ?? DONE);
    this.#parts.removed(id);
  }

  /** See {@link whileUnread}. */
  whileUnread<T>(masterId: string, work: () => Promise<Result<T>>): Promise<Result<T>> {
    return whileUnread(this.#registry, masterId, work);
  }

  /** See {@link moveStorage}; null for the default folder. */
  moveStorage(folder: string | null): Promise<Result<void>> {
    return moveStorage(this.#parts, this.#registry, folder ?? this.#parts.defaultFolder);
  }

  /** The network is back, or somebody thinks so. Fails with the first failure. */
  async retryNow(): Promise<Result<void>> {
    const open = this.#registry.all().filter(({ isOpen }) => isOpen);
    const retried = await Promise.all(open.map((disk) => disk.steer('retry-now')));
    return retried.find((result) => !result.ok) ?? DONE;
  }

  /** What a start of a master reads is known better: disks over it are told how much of that they lack. */
  bootKnown(masterId: string): void {
    this.#events.bootKnown(masterId);
  }

  /** Closes every disk, making everything durable; streams can be resumed. Fails with the first failure. */
  async close(): Promise<Result<void>> {
    this.#bandwidth.close();
    const [copies, others] = this.#registry.copiesAndOthers();
    // Who reads a copy needs its thread until the end.
    const closed = await Promise.all(others.map((control) => control.end()));
    closed.push(...(await Promise.all(copies.map((control) => control.end()))));
    this.#registry.removeAll();
    return closed.find((result) => !result.ok) ?? DONE;
  }

  #makeControl(rows: DiskRows): DiskControl {
    const { clock, open, changed } = this.#parts;
    return new DiskControl(rows, {
      clock,
      open,
      ...this.#bandwidth.forDisk,
      copies: (id) => this.#registry.get(id)?.asBacking ?? null,
      look: (disk) => surveyDisk(this.#parts, disk.rows, () => this.#registry.get(disk.id)?.isOpen !== false),
      changed,
      completed: (disk) => this.#events.completed(disk),
      jobTold: (disk, event) => this.#jobEvents.emit('job', { diskId: disk.id, event }),
      failed: (disk, failure) => this.#events.failed(disk, failure),
      bootRecorded: (disk, ranges, end) => this.#events.bootRecorded(disk, ranges, end),
      storeFailed: (disk, failure) => this.#events.storeFailed(disk, failure),
      wrongBytes: (disk, wrong) => this.#events.wrongBytes(disk, wrong),
      packLost: (disk, failure) => this.#events.packLost(disk, failure),
      refused: (_, failure) => this.#events.refused(failure),
    });
  }

  async #lookAtAll(): Promise<void> {
    for (const control of this.#registry.all()) {
      await control.look();
      if (this.#registry.get(control.id) === control) void control.settle();
    }
  }
}
