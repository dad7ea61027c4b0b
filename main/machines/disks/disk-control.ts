import type { Clock } from '../../../shared/clock.ts';
import type { DiskView, StreamCommand } from '../../../shared/ipc/machines.ts';
import { DONE, err, ok, type Failure, type Result } from '../../../shared/result.ts';
import type { BandwidthRules } from '../../preferences/bandwidth.ts';
import type { DiskRow } from '../../catalog/tables/disks.ts';
import type { Master } from '../../catalog/tables/masters.ts';
import type { StreamRow } from '../../catalog/tables/streams.ts';
import type { DiskEvent, WaitingReads } from '../../storage/disk/disk-events.ts';
import type { DiskSpec } from '../../storage/disk/disk-spec.ts';
import type { DiskThread } from '../../storage/disk/disk-thread.ts';
import type { DiskStatus } from '../../storage/disk/open-disk.ts';
import { diskView, isActive, type FileFacts } from './disk-view.ts';
import { diskChain, isFarAway } from './overlay-chain.ts';

/** What is used of an open disk. */
export type OpenedDisk = Pick<
  DiskThread,
  'connect' | 'startStream' | 'controlJob' | 'setLimit' | 'retryNow' | 'status' | 'close'
>;

export type OpenDisk = (spec: DiskSpec, listen: (event: DiskEvent) => void) => Promise<Result<OpenedDisk>>;

/** The rows of a disk and of what lies behind it. */
export interface DiskRows {
  readonly row: DiskRow;
  readonly stream: StreamRow;
  readonly masters: readonly Master[];
}

export interface DiskControlParts {
  readonly clock: Clock;
  readonly open: OpenDisk;
  readonly globalLimit: SharedArrayBuffer;
  readonly rules: () => BandwidthRules;
  readonly connections: () => number;
  /** Whether one more disk may stream while its machine is off. Asked again until it is given back. */
  readonly takeTurn: (id: string) => boolean;
  readonly giveBackTurn: (id: string) => void;
  /** Looks at the image file; quick where nothing has changed since the last time. */
  readonly look: (control: DiskControl) => Promise<FileFacts>;
  readonly changed: (view: DiskView) => void;
  /** The image names no backing file any more. */
  readonly completed: (control: DiskControl) => void;
  /** A job ended with this failure. */
  readonly failed: (control: DiskControl, failure: Failure) => void;
  /** A copy could not be kept, or entries not be written. */
  readonly storeFailed: (control: DiskControl, failure: Failure) => void;
  /** The open disk did not do what it was told: its job or its limit is not what it should be. */
  readonly refused: (control: DiskControl, failure: Failure) => void;
}

const JOB_ID = 'stream';
/** How often an open disk is asked how it stands. */
const POLL_MS = 250;
/** Counting in an image that is written may take this part of the time. */
const LOOK_SHARE = 1 / 20;
const SHORTEST_LOOK_PAUSE_MS = 1000;
const NOTHING_KNOWN: FileFacts = { localBytes: null, standalone: false, fileBytes: 0, problem: null };

/**
 * One overlay: opens it when a machine or its stream needs it, keeps its job as the user and the rules want it, and
 * closes it when nobody needs it any more.
 *
 * What should be is computed from the rows, the rules and who uses the disk; {@link settle} compares it with what is
 * and takes the next steps. Every cause of change only calls it, so that there is one place where jobs are started,
 * paused and ended, and one at a time.
 */
export class DiskControl {
  readonly id: string;
  readonly #parts: DiskControlParts;
  #rows: DiskRows;
  #file: FileFacts = NOTHING_KNOWN;
  #opened: OpenedDisk | null = null;
  #status: DiskStatus | null = null;
  #waiting: WaitingReads | null = null;
  #openFailure: Failure | null = null;
  /** What came of steering the job the last time. */
  #steered: Result<void> = DONE;
  #usedByMachine = false;
  /** What else keeps the image for itself, for messages: 'being checked'. */
  #occupied: string | null = null;
  #errorPolicyOfJob: StreamRow['onError'] | null = null;
  #goOnAfterError = false;
  #turn: Promise<void> = Promise.resolve();
  #looking: Promise<void> = Promise.resolve();
  #lastPublished = '';
  #nextLookMs = 0;
  #ended = false;

  constructor(rows: DiskRows, parts: DiskControlParts) {
    this.id = rows.row.id;
    this.#rows = rows;
    this.#parts = parts;
  }

  get rows(): DiskRows {
    return this.#rows;
  }

  get usedByMachine(): boolean {
    return this.#usedByMachine;
  }

  get isOpen(): boolean {
    return this.#opened !== null;
  }

  /** True once nothing behind the image is needed any more. */
  get complete(): boolean {
    return this.#status?.standalone ?? this.#file.standalone;
  }

  get view(): DiskView {
    const { stream } = this.#rows;
    return diskView({
      ...this.#rows,
      file: this.#file,
      status: this.#status,
      waiting: this.#waiting,
      openFailure: this.#openFailure,
      limit: this.#limit(),
      heldBack: stream.wanted === 'running' && this.#heldBack(),
    });
  }

  /** The rows have changed; {@link settle} follows. */
  setRows(rows: DiskRows): Promise<void> {
    this.#rows = rows;
    return this.settle();
  }

  /** Opens the disk for a machine, whatever its stream does. The caller must call {@link release}. */
  async acquire(): Promise<Result<OpenedDisk>> {
    if (this.#occupied !== null) return this.#refuse();
    if (this.#usedByMachine) return err('busy', `'${this.#rows.row.path}' is used by a machine already`);
    this.#usedByMachine = true;
    this.#openFailure = null;
    await this.settle();
    const outcome = this.#outcome();
    if (!outcome.ok) this.#usedByMachine = false;
    return outcome;
  }

  release(): Promise<void> {
    this.#usedByMachine = false;
    return this.settle();
  }

  /**
   * Keeps everybody off the image while `work` runs; a stream in the background ends, resumably, and goes on later.
   * Fails with `busy` while a machine uses it.
   * @param what for messages: 'being checked'
   */
  async occupy<T>(what: string, work: () => Promise<Result<T>>): Promise<Result<T>> {
    if (this.#usedByMachine)
      return err('busy', `The machine with '${this.#rows.row.path}' runs; stop it first`);
    if (this.#occupied !== null) return this.#refuse();
    this.#occupied = what;
    try {
      await this.settle();
      return await work();
    } finally {
      this.#occupied = null;
      await this.look();
      await this.settle();
    }
  }

  /** What a command asks of the disk at once, beyond what the rows say. */
  async nudge(command: StreamCommand): Promise<Result<void>> {
    this.#openFailure = null;
    if (command === 'start' || command === 'resume' || command === 'retry-now') this.#goOnAfterError = true;
    await this.settle();
    const outcome = this.#outcome();
    if (outcome.ok) {
      if (!this.#steered.ok) return this.#steered;
      return command === 'retry-now' ? unlessGone(await outcome.value.retryNow()) : DONE;
    }
    return outcome.failure === CLOSED ? DONE : outcome;
  }

  /** The rules or the limit of the disk have changed. */
  async applyLimit(): Promise<Result<void>> {
    const opened = this.#opened;
    const limited = opened === null ? DONE : unlessGone(await opened.setLimit(this.#limit()));
    this.publish();
    return limited;
  }

  /** Looks at the image file again. One look at a time: who comes meanwhile waits for one that began after. */
  look(): Promise<void> {
    this.#looking = this.#looking.catch(() => undefined).then(() => this.#lookNow());
    return this.#looking;
  }

  async #lookNow(): Promise<void> {
    if (this.#ended) return;
    const { clock } = this.#parts;
    const startedMs = clock.now();
    this.#file = await this.#parts.look(this);
    const tookMs = clock.now() - startedMs;
    this.#nextLookMs = clock.now() + Math.max(SHORTEST_LOOK_PAUSE_MS, tookMs / LOOK_SHARE);
    if (this.complete && this.#rows.stream.completedMs === null) this.#parts.completed(this);
    this.publish();
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
    await Promise.all([this.#turn.catch(() => undefined), this.#looking.catch(() => undefined)]);
    return this.#close();
  }

  /** Brings the disk into the state it should be in. Resolves when that was tried with all that was known at the call. */
  settle(): Promise<void> {
    this.#turn = this.#turn.catch(() => undefined).then(() => this.#settleNow());
    return this.#turn;
  }

  async #settleNow(): Promise<void> {
    if (this.#ended) return;
    const streams = this.#occupied === null && this.#shouldStream();
    if (!streams) this.#parts.giveBackTurn(this.id);
    if (streams || this.#usedByMachine) {
      const opened = this.#opened !== null || (await this.#open());
      if (opened) {
        await this.#steer(streams);
      } else {
        this.#parts.giveBackTurn(this.id);
        await this.look();
      }
    } else {
      const wasOpen = this.#opened !== null;
      const closed = await this.#close();
      if (!closed.ok) this.#parts.storeFailed(this, closed.failure);
      if (wasOpen) await this.look();
    }
    this.publish();
  }

  /** The open disk, or why it is not open. */
  #outcome(): Result<OpenedDisk> {
    if (this.#opened !== null) return ok(this.#opened);
    return { ok: false, failure: this.#openFailure ?? CLOSED };
  }

  #shouldStream(): boolean {
    const { row, stream } = this.#rows;
    if (row.kind === 'linked' || stream.wanted !== 'running' || stream.failure !== null) return false;
    if (this.complete || this.#file.problem !== null || this.#heldBack()) return false;
    if (this.#usedByMachine) return true;
    return this.#openFailure === null && this.#parts.takeTurn(this.id);
  }

  /** On a metered line only what guests read comes over the network. */
  #heldBack(): boolean {
    return this.#parts.rules().metered && isFarAway(this.#rows.masters);
  }

  #limit(): number {
    return this.#rows.stream.limit ?? this.#parts.rules().diskLimit;
  }

  async #open(): Promise<boolean> {
    const { row, masters } = this.#rows;
    const opened = await this.#parts.open(
      {
        chain: diskChain(row.path, masters),
        readOnly: false,
        copyOnRead: row.kind === 'standalone' ? 'on' : 'off',
        onSourceLost: 'wait',
        connections: this.#parts.connections(),
        globalLimit: this.#parts.globalLimit,
      },
      (event) => this.#hear(event),
    );
    this.#openFailure = opened.ok ? null : opened.failure;
    if (!opened.ok) return false;
    this.#opened = opened.value;
    const limited = unlessGone(await opened.value.setLimit(this.#limit()));
    if (!limited.ok) this.#parts.refused(this, limited.failure);
    await this.#poll(opened.value);
    this.#keepPolling(opened.value);
    return true;
  }

  async #close(): Promise<Result<void>> {
    const opened = this.#opened;
    this.#opened = null;
    this.#status = null;
    this.#waiting = null;
    return opened === null ? DONE : opened.close();
  }

  /** Makes the job of the open disk be what it should be. */
  async #steer(streams: boolean): Promise<void> {
    const opened = this.#opened;
    if (opened === null) return;
    await this.#poll(opened);
    this.#steered = unlessGone(await this.#steerJob(opened, streams));
    if (!this.#steered.ok) this.#parts.refused(this, this.#steered.failure);
    this.#goOnAfterError = false;
    await this.#poll(opened);
  }

  async #steerJob(opened: OpenedDisk, streams: boolean): Promise<Result<void>> {
    const job = this.#status?.job ?? null;
    if (job === null || !isActive(this.#status)) {
      if (streams && this.#status?.standalone === false) await this.#startJob(opened);
    } else if (!streams) {
      const end = this.#rows.stream.wanted === 'stopped';
      if (end) return opened.controlJob(JOB_ID, 'force-cancel');
      if (!job.paused) return opened.controlJob(JOB_ID, 'pause');
    } else if (this.#errorPolicyOfJob !== this.#rows.stream.onError) {
      // The policy of a job is fixed. What is local stays; the end of this one calls for the next.
      return opened.controlJob(JOB_ID, 'force-cancel');
    } else if (job.paused && (job.ioStatus === 'ok' || this.#goOnAfterError)) {
      return opened.controlJob(JOB_ID, 'resume');
    }
    return DONE;
  }

  async #startJob(opened: OpenedDisk): Promise<void> {
    const { onError } = this.#rows.stream;
    this.#errorPolicyOfJob = onError;
    const started = await opened.startStream({ jobId: JOB_ID, speed: 0, onError });
    // An older job that is about to end has the name; its end calls for the next.
    if (!started.ok && started.failure.code !== 'already-exists' && started.failure.code !== 'busy') {
      this.#parts.failed(this, started.failure);
    }
  }

  async #poll(opened: OpenedDisk): Promise<void> {
    const status = await opened.status();
    if (this.#opened !== opened) return;
    if (!status.ok) {
      // Its thread is gone: what was durable is safe, and the next who needs the disk opens it again.
      this.#opened = null;
      this.#status = null;
      this.#waiting = null;
      this.#openFailure = status.failure;
      this.#parts.giveBackTurn(this.id);
      return;
    }
    this.#status = status.value;
    if (status.value.standalone && this.#rows.stream.completedMs === null) this.#parts.completed(this);
  }

  #keepPolling(opened: OpenedDisk): void {
    this.#parts.clock.after(POLL_MS, () => {
      if (this.#opened !== opened) return;
      void this.#poll(opened).then(async () => {
        if (this.#parts.clock.now() >= this.#nextLookMs && !this.complete) await this.look();
        this.publish();
        this.#keepPolling(opened);
      });
    });
  }

  #hear(event: DiskEvent): void {
    switch (event.kind) {
      case 'waiting':
        this.#waiting = event.waiting;
        return this.publish();
      case 'store-failed':
        return this.#parts.storeFailed(this, event.failure);
      case 'job':
        break;
    }
    const told = event.event;
    if (told.event === 'BLOCK_JOB_COMPLETED' && told.data.error !== undefined) {
      this.#parts.failed(this, { code: 'io', message: told.data.error });
    }
    if (told.event === 'JOB_STATUS_CHANGE' && told.data.status === 'null') void this.settle();
    if (told.event === 'BLOCK_JOB_ERROR') void this.settle();
  }

  #refuse() {
    return err(
      'busy',
      `'${this.#rows.row.path}' is ${this.#occupied ?? 'in use'}; try again when that is done`,
    );
  }
}

const CLOSED: Failure = { code: 'closed', message: 'The disk is closed' };

/** A disk that was closed and a job that ended meanwhile need nothing any more. */
function unlessGone(result: Result<void>): Result<void> {
  if (result.ok || result.failure.code === 'closed' || result.failure.code === 'not-found') return DONE;
  return result;
}
