import path from 'node:path';
import type { Clock } from '../../../shared/clock.ts';
import type { ClusterMapCell, DiskView, StreamCommand } from '../../../shared/ipc/machines.ts';
import { because, DONE, err, ok, type Failure, type Result } from '../../../shared/result.ts';
import type { Catalog, Tables } from '../../catalog/catalog.ts';
import { newStream, type StreamRow } from '../../catalog/tables/streams.ts';
import type { Bandwidth, BandwidthRules } from '../../preferences/bandwidth.ts';
import type { CheckReport } from '../../qed/check.ts';
import type { ImageFiles } from '../../storage/overlays/image-files.ts';
import type { ImageTasks } from '../../storage/overlays/image-tasks-client.ts';
import type { QemuImg } from '../../storage/overlays/qemu-img.ts';
import { TokenBucket } from '../../streaming/limits/token-bucket.ts';
import { DiskControl, type DiskRows, type OpenDisk, type OpenedDisk } from './disk-control.ts';
import type { FileFacts } from './disk-view.ts';
import { exportDisk, type ExportFormat } from './export-disk.ts';
import type { Journal } from './journal.ts';
import { imagesOutside, moveImage } from './move-storage.ts';
import { mastersBehind } from './overlay-chain.ts';
import { deletePassing } from './passing-files.ts';
import { reconcile } from './reconcile.ts';
import { dropUnneededSnapshots } from './snapshots.ts';
import { Turns } from './turns.ts';

/** Disks that stream while their machines are off, at a time: each takes two threads. */
const MOST_BACKGROUND_STREAMS = 4;

export interface DiskServiceParts {
  readonly catalog: Catalog;
  readonly clock: Clock;
  readonly nowMs: () => number;
  readonly open: OpenDisk;
  readonly files: ImageFiles;
  readonly tasks: ImageTasks;
  readonly qemuImg: QemuImg;
  readonly journal: Journal;
  readonly bandwidth: Bandwidth;
  /** Connections to each remote source. */
  readonly connections: () => number;
  /** Where overlays lie unless the user chose another place. */
  readonly defaultFolder: string;
  readonly storageFolder: () => string;
  readonly changed: (disk: DiskView) => void;
  readonly removed: (id: string) => void;
}

/** What windows show of a check. */
export interface CheckSummary {
  readonly corruptions: number;
  readonly corruptionsFixed: number;
  readonly leaks: number;
  readonly leaksFixed: number;
  readonly summary: string;
}

/** All overlays: those of running machines, those that stream behind, and those that only lie there. */
export class DiskService {
  readonly #parts: DiskServiceParts;
  readonly #controls = new Map<string, DiskControl>();
  readonly #bucket: TokenBucket;
  readonly #turns: Turns;
  readonly #stopListening: () => void;

  constructor(parts: DiskServiceParts) {
    this.#parts = parts;
    this.#bucket = new TokenBucket(parts.clock, parts.bandwidth.rules.globalLimit);
    this.#turns = new Turns(MOST_BACKGROUND_STREAMS, (id) => void this.#controls.get(id)?.settle());
    this.#stopListening = parts.bandwidth.onChange((rules) => void this.#apply(rules));
  }

  /** Reconciles the catalog with the files, then lets every disk stream that should. To be called once. */
  async start(): Promise<Result<void>> {
    const { catalog, files, journal, defaultFolder, storageFolder } = this.#parts;
    const folders = [...new Set([storageFolder(), defaultFolder])];
    const reconciled = await reconcile({ catalog, files, journal, folders });
    if (!reconciled.ok) return reconciled;
    const ids = catalog.read(({ disks }) => disks.list().map(({ id }) => id));
    if (!ids.ok) return ids;
    for (const id of ids.value) {
      const entered = this.#enter(id);
      if (!entered.ok) return entered;
    }
    // Counting takes a while for many disks; nobody waits for it. A disk streams once it is known that it must.
    void this.#lookAtAll();
    return DONE;
  }

  async list(): Promise<Result<DiskView[]>> {
    return ok([...this.#controls.values()].map(({ view }) => view));
  }

  /** Null when there is none. */
  view(id: string): DiskView | null {
    return this.#controls.get(id)?.view ?? null;
  }

  /**
   * Starts, pauses, resumes or ends a disk's streaming, whether or not its machine is on. A linked disk that is
   * started becomes a standalone one.
   */
  async stream({ id, command }: { id: string; command: StreamCommand }): Promise<Result<void>> {
    const control = this.#find(id);
    if (!control.ok) return control;
    if (control.value.complete) {
      return err('invalid-argument', 'This disk is complete: there is nothing left to stream');
    }
    const stored = this.#parts.catalog.change(({ disks, streams }) => {
      const stream = streams.find(id) ?? newStream(id, 'stopped');
      streams.put(afterCommand(stream, command));
      if (command === 'start') disks.setKind(id, 'standalone');
    });
    if (!stored.ok) return stored;
    const refreshed = this.#refresh(control.value);
    return refreshed.ok ? control.value.nudge(command) : refreshed;
  }

  /** Bytes per second for everything this disk fetches; 0 for no limit. */
  async setLimit({ id, limit }: { id: string; limit: number }): Promise<Result<void>> {
    const changed = this.#changeStream(id, (stream) => ({ ...stream, limit }));
    if (!changed.ok) return changed;
    return changed.value.applyLimit();
  }

  async setOnError({ id, onError }: { id: string; onError: StreamRow['onError'] }): Promise<Result<void>> {
    const changed = this.#changeStream(id, (stream) => ({ ...stream, onError }));
    if (!changed.ok) return changed;
    await changed.value.settle();
    return DONE;
  }

  /** Checks an image that no machine uses; its streaming pauses meanwhile. */
  async check({ id, repair }: { id: string; repair: boolean }): Promise<Result<CheckSummary>> {
    const control = this.#find(id);
    if (!control.ok) return control;
    const { path: file } = control.value.rows.row;
    const report = await control.value.occupy('being checked', () =>
      this.#parts.tasks.run('check', { path: file, repair }),
    );
    if (!report.ok) return report;
    const summary = summarise(report.value);
    const level = summary.corruptions > 0 ? 'error' : 'info';
    this.#parts.journal.note({
      level,
      kind: 'disk-checked',
      subject: id,
      text: `'${file}': ${summary.summary}`,
    });
    return ok(summary);
  }

  async map({ id, cells }: { id: string; cells: number }): Promise<Result<ClusterMapCell[]>> {
    const control = this.#find(id);
    if (!control.ok) return control;
    const { row, masters } = control.value.rows;
    return this.#parts.tasks.run('map', { path: row.path, cells, sourceBytes: masters[0]?.lengthBytes ?? 0 });
  }

  /** Copies what a guest would see into one file of its own. The machine must be off; what is missing is fetched. */
  async export({
    id,
    path: target,
    format,
  }: {
    id: string;
    path: string;
    format: ExportFormat;
  }): Promise<Result<void>> {
    const control = this.#find(id);
    if (!control.ok) return control;
    const { tasks, qemuImg, journal } = this.#parts;
    const { rows, complete } = control.value;
    const exported = await control.value.occupy('being exported', () =>
      exportDisk({ rows, complete, target: path.resolve(target), format }, { tasks, qemuImg }),
    );
    if (exported.ok) {
      journal.tell({
        level: 'info',
        kind: 'disk-exported',
        subject: id,
        text: `The disk was exported to '${target}'.`,
      });
    }
    return exported;
  }

  /** For a machine that starts. The caller must call {@link release}. */
  async acquire(id: string): Promise<Result<OpenedDisk>> {
    const control = this.#find(id);
    return control.ok ? control.value.acquire() : control;
  }

  async release(id: string): Promise<void> {
    await this.#controls.get(id)?.release();
  }

  /** Keeps machines and streams off an image while `work` changes its rows or files; see {@link DiskControl.occupy}. */
  async occupy<T>(
    id: string,
    what: string,
    work: (control: DiskControl) => Promise<Result<T>>,
  ): Promise<Result<T>> {
    const control = this.#find(id);
    return control.ok ? control.value.occupy(what, () => work(control.value)) : control;
  }

  /** A new disk is in the catalog. */
  async adopt(id: string): Promise<Result<void>> {
    const entered = this.#enter(id);
    if (!entered.ok) return entered;
    const control = this.#controls.get(id);
    await control?.look();
    void control?.settle();
    return DONE;
  }

  /** The rows of a disk that is known are others now. */
  refresh(id: string): Result<void> {
    const control = this.#find(id);
    return control.ok ? this.#refresh(control.value) : control;
  }

  /** A disk is not in the catalog any more. */
  async forget(id: string): Promise<void> {
    const control = this.#controls.get(id);
    this.#controls.delete(id);
    this.#turns.giveBack(id);
    this.#parts.journal.heard((await control?.end()) ?? DONE);
    this.#parts.removed(id);
  }

  /**
   * Moves every image to another folder; null for the default one. Refused while machines run; streams pause. What was
   * moved before something went wrong stays moved, and trying again moves the rest.
   */
  async moveStorage(folder: string | null): Promise<Result<void>> {
    const { defaultFolder, journal } = this.#parts;
    const target = folder ?? defaultFolder;
    const running = [...this.#controls.values()].filter(({ usedByMachine }) => usedByMachine);
    if (running.length > 0) {
      return err(
        'busy',
        `The storage cannot be moved while machines run; stop them first (${running.length})`,
      );
    }
    const moved = await this.#occupyAll([...this.#controls.values()], () => this.#moveAll(target));
    if (moved.ok && moved.value > 0) {
      const text = `${moved.value} images were moved to '${target}'.`;
      journal.tell({ level: 'info', kind: 'storage-moved', subject: target, text });
    }
    return moved.ok ? DONE : moved;
  }

  /** The network is back, or somebody thinks so. Fails with the first failure. */
  async retryNow(): Promise<Result<void>> {
    const open = [...this.#controls.values()].filter(({ isOpen }) => isOpen);
    const retried = await Promise.all(open.map((disk) => disk.nudge('retry-now')));
    return retried.find((result) => !result.ok) ?? DONE;
  }

  /** Closes every disk, making everything durable; streams can be resumed. Fails with the first failure. */
  async close(): Promise<Result<void>> {
    this.#stopListening();
    const closed = await Promise.all([...this.#controls.values()].map((control) => control.end()));
    this.#controls.clear();
    return closed.find((result) => !result.ok) ?? DONE;
  }

  #find(id: string): Result<DiskControl> {
    const control = this.#controls.get(id);
    return control === undefined ? err('not-found', 'This disk is not there any more') : ok(control);
  }

  #readRows(id: string): Result<DiskRows> {
    const rows = this.#parts.catalog.read((tables) => rowsOf(tables, id));
    if (!rows.ok) return rows;
    return rows.value === null ? err('not-found', 'This disk is not there any more') : ok(rows.value);
  }

  #enter(id: string): Result<void> {
    const rows = this.#readRows(id);
    if (!rows.ok) return rows;
    const { clock, open, bandwidth, connections, changed, journal } = this.#parts;
    const control = new DiskControl(rows.value, {
      clock,
      open,
      globalLimit: this.#bucket.memory,
      rules: () => bandwidth.rules,
      connections,
      takeTurn: (disk) => this.#turns.take(disk),
      giveBackTurn: (disk) => this.#turns.giveBack(disk),
      look: (disk) => this.#look(disk),
      changed,
      completed: (disk) => this.#completed(disk),
      failed: (disk, failure) => this.#failed(disk, failure),
      storeFailed: ({ id: subject }, { message: text }) =>
        journal.tell({ level: 'warning', kind: 'store-failed', subject, text }),
      refused: (_, failure) => journal.heard({ ok: false, failure }),
    });
    this.#controls.set(id, control);
    return DONE;
  }

  #refresh(control: DiskControl): Result<void> {
    const rows = this.#readRows(control.id);
    if (!rows.ok) return rows;
    void control.setRows(rows.value);
    return DONE;
  }

  #changeStream(id: string, change: (stream: StreamRow) => StreamRow): Result<DiskControl> {
    const control = this.#find(id);
    if (!control.ok) return control;
    const stored = this.#parts.catalog.change(({ streams }) =>
      streams.put(change(streams.find(id) ?? newStream(id, 'stopped'))),
    );
    if (!stored.ok) return stored;
    const refreshed = this.#refresh(control.value);
    return refreshed.ok ? control : refreshed;
  }

  async #lookAtAll(): Promise<void> {
    for (const control of [...this.#controls.values()]) {
      await control.look();
      if (this.#controls.has(control.id)) void control.settle();
    }
  }

  /** Reads from the cache what was counted before in a file that has not changed since. */
  async #look({ id, rows: { row, masters } }: DiskControl): Promise<FileFacts> {
    const { catalog, files, tasks, journal } = this.#parts;
    const state = await files.stateOf(row.path);
    if (!state.ok) return broken(lookedFor(row.path, state.failure), 0);
    const { lengthBytes, modifiedMs, spaceBytes: fileBytes } = state.value;
    const cached = catalog.read(({ surveys }) => surveys.find(id));
    journal.heard(cached);
    if (cached.ok && cached.value?.fileLength === lengthBytes && cached.value.modifiedMs === modifiedMs) {
      const { localBytes, standalone } = cached.value;
      return { localBytes, standalone, fileBytes, problem: null };
    }
    const counted = await tasks.run('survey', { path: row.path, sourceBytes: masters[0]?.lengthBytes ?? 0 });
    // A program that closes knows nothing new of its disks.
    if (!counted.ok) return broken(counted.failure.code === 'closed' ? null : counted.failure, fileBytes);
    const { fileLength, modifiedMs: countedAtMs, localBytes, standalone } = counted.value;
    // While it is being written every count is another; the last one, of the closed file, is worth keeping.
    if (this.#controls.get(id)?.isOpen === false) {
      const survey = { diskId: id, fileLength, modifiedMs: countedAtMs, localBytes, standalone };
      journal.heard(
        catalog.note(({ disks, surveys }) => {
          if (disks.find(id) !== null) surveys.put(survey);
        }),
      );
    }
    return { localBytes, standalone, fileBytes, problem: null };
  }

  /** Told once in the life of a disk, also when the program was killed between the disk's last byte and the telling. */
  #completed(control: DiskControl): void {
    const { catalog, nowMs, journal } = this.#parts;
    const { row } = control.rows;
    const atMs = nowMs();
    const done = catalog.change((tables) => {
      const stream = tables.streams.find(control.id) ?? newStream(control.id, 'stopped');
      tables.streams.put({ ...stream, wanted: 'stopped', failure: null, completedMs: atMs });
      // It needs no master any more: that may be removed, or change, without harm.
      tables.disks.replaceImage(control.id, { path: row.path, masterId: null, kind: 'standalone' });
      const machine = row.machineId === null ? null : tables.machines.find(row.machineId);
      return {
        name: machine?.name ?? path.basename(row.path),
        files: dropUnneededSnapshots(tables, row.masterId, atMs),
        first: stream.completedMs === null,
      };
    });
    if (!done.ok) return journal.heard(done);
    journal.heard(this.#refresh(control));
    const text = `${done.value.name} is complete: its disk needs no network any more.`;
    if (done.value.first) journal.tell({ level: 'info', kind: 'disk-standalone', subject: control.id, text });
    void this.#deleteSnapshots(control, done.value.files);
  }

  /** The disk may still have what lay behind it open for a moment; what cannot be deleted now is deleted at the next start. */
  async #deleteSnapshots(control: DiskControl, paths: readonly string[]): Promise<void> {
    await control.settle();
    this.#parts.journal.heard(await deletePassing(this.#parts.catalog, this.#parts.files, paths));
  }

  #failed(control: DiskControl, failure: Failure): void {
    const { journal } = this.#parts;
    const changed = this.#changeStream(control.id, (stream) => ({ ...stream, failure }));
    journal.heard(changed);
    const text = `Streaming into '${control.rows.row.path}' ended: ${failure.message}`;
    journal.tell({ level: 'error', kind: 'stream-failed', subject: control.id, text });
  }

  async #apply(rules: BandwidthRules): Promise<void> {
    this.#bucket.setRate(rules.globalLimit);
    const controls = [...this.#controls.values()];
    const limited = await Promise.all(controls.map((control) => control.applyLimit()));
    for (const result of limited) this.#parts.journal.heard(result);
    await Promise.all(controls.map((control) => control.settle()));
  }

  async #occupyAll<T>(controls: readonly DiskControl[], work: () => Promise<Result<T>>): Promise<Result<T>> {
    const [first, ...rest] = controls;
    if (first === undefined) return work();
    return first.occupy('being moved', () => this.#occupyAll(rest, work));
  }

  async #moveAll(target: string): Promise<Result<number>> {
    const { catalog, files, nowMs } = this.#parts;
    const images = imagesOutside(catalog, target);
    if (!images.ok) return images;
    let moved = 0;
    let failure: Result<void> = DONE;
    for (const image of images.value) {
      // One that is missing cannot be moved; it is shown as missing, and must not hold up the others.
      const there = await files.stateOf(image.from);
      if (!there.ok && there.failure.code === 'not-found') continue;
      failure = await moveImage(catalog, files, image, nowMs());
      if (!failure.ok) break;
      moved++;
    }
    for (const control of this.#controls.values()) this.#parts.journal.heard(this.#refresh(control));
    if (failure.ok) return ok(moved);
    return because(`${moved} of ${images.value.length} images were moved to '${target}'`, failure);
  }
}

function rowsOf(tables: Tables, id: string): DiskRows | null {
  const row = tables.disks.find(id);
  if (row === null) return null;
  return {
    row,
    stream: tables.streams.find(id) ?? newStream(id, 'stopped'),
    masters: mastersBehind(tables, row),
  };
}

function afterCommand(stream: StreamRow, command: StreamCommand): StreamRow {
  switch (command) {
    case 'start':
    case 'resume':
      return { ...stream, wanted: 'running', failure: null };
    case 'pause':
      return { ...stream, wanted: 'paused' };
    case 'cancel':
      return { ...stream, wanted: 'stopped', failure: null };
    case 'retry-now':
      return { ...stream, failure: null };
  }
}

function broken(problem: Failure | null, fileBytes: number): FileFacts {
  return { localBytes: null, standalone: false, fileBytes, problem };
}

function lookedFor(file: string, failure: Failure): Failure {
  if (failure.code !== 'not-found') return failure;
  return { ...failure, message: `'${file}' is missing. Put it back, or delete its machine` };
}

function summarise({
  corruptions,
  corruptionsFixed,
  leaks,
  leaksFixed,
  checkErrors,
}: CheckReport): CheckSummary {
  const said = [
    corruptions > 0 && `${corruptions} errors`,
    corruptionsFixed > 0 && `${corruptionsFixed} errors were repaired`,
    leaks > 0 && `${leaks} clusters are not used by anything, which is harmless`,
    leaksFixed > 0 && `${leaksFixed} unused clusters were freed`,
    checkErrors > 0 && `${checkErrors} tables could not be read`,
  ].filter((part) => part !== false);
  const summary = said.length === 0 ? 'No errors were found.' : `${said.join('; ')}.`;
  return { corruptions, corruptionsFixed, leaks, leaksFixed, summary };
}
