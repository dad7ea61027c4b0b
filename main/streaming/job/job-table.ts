import { DONE, err, ok, type Result } from '../../../shared/result.ts';
import type { JobListener } from './job-events.ts';
import { checkSpeed, StreamJob, type StreamJobInfo, type StreamJobOptions } from './stream-job.ts';

/** A letter, then letters, digits, `-`, `.` and `_` (`id_wellformed` of QEMU). */
const JOB_ID = /^[A-Za-z][A-Za-z0-9._-]*$/;

export interface StreamRequest extends StreamJobOptions {
  /** Names of the block nodes the job changes or reads, topmost first; no two jobs may share one. */
  readonly nodes: readonly string[];
  /** What to call the first of them to whoever comes upon it from above: QEMU has a filter node there. */
  readonly filterNode?: string | undefined;
}

interface Entry {
  readonly job: StreamJob;
  /** Emptied when the job has concluded. */
  nodes: readonly string[];
  readonly filterNode: string | undefined;
}

/** The jobs of a process by id, with the block nodes they keep busy. */
export class JobTable {
  readonly #listener: JobListener;
  readonly #entries = new Map<string, Entry>();

  /** @param listener hears the events of every job, in order. */
  constructor(listener: JobListener = () => {}) {
    this.#listener = listener;
  }

  /**
   * Creates a job and starts it. Failures carry QEMU's texts: a busy node, a bad or used id, a negative speed (which
   * leaves the events of a job that was created and given up).
   */
  stream(request: StreamRequest): Result<StreamJob> {
    const free = this.checkFree(request.nodes);
    if (!free.ok) return free;
    const { id, nodes, filterNode } = request;
    if (!JOB_ID.test(id)) return err('invalid-argument', `Invalid job ID '${id}'`);
    if (this.#entries.has(id)) return err('already-exists', `Job ID '${id}' already in use`);
    const speed = checkSpeed(request.speed ?? 0);
    const job = new StreamJob({
      ...request,
      ...(speed.ok ? {} : { speed: 0 }),
      listener: (event) => {
        request.listener?.(event);
        this.#listener(event);
        if (event.event === 'JOB_STATUS_CHANGE') this.#follow(id, event.data.status);
      },
    });
    if (!speed.ok) {
      job.discard();
      return speed;
    }
    this.#entries.set(id, { job, nodes, filterNode });
    job.start();
    return ok(job);
  }

  /** Failure `not-found` when there is none. */
  find(id: string): Result<StreamJob> {
    const entry = this.#entries.get(id);
    return entry === undefined ? err('not-found', `Block job '${id}' not found`) : ok(entry.job);
  }

  isBusy(node: string): boolean {
    return this.#userOf(node) !== undefined;
  }

  /**
   * Fails with `busy`, in QEMU's words, when a job uses one of `nodes`, which are looked at from the first on.
   * @param asked what the first was called by whoever asks, which may be the name of a device
   */
  checkFree(nodes: readonly string[], asked = nodes[0]): Result<void> {
    for (const [index, node] of nodes.entries()) {
      const user = this.#userOf(node);
      if (user === undefined) continue;
      const fromAbove = user.nodes[0] === node ? (user.filterNode ?? node) : node;
      const met = index === 0 ? (asked ?? node) : fromAbove;
      return err('busy', `Node '${met}' is busy: block device is in use by block job: stream`);
    }
    return DONE;
  }

  /** Every job, oldest first. */
  query(): readonly StreamJobInfo[] {
    return [...this.#entries.values()].map(({ job }) => job.info());
  }

  /** Lets every job that waits for its source try again at once. */
  retryNow(): void {
    for (const { job } of this.#entries.values()) job.retryNow();
  }

  /** Ends every job and resolves when all have ended: before their disks are closed. */
  async cancelAll(): Promise<void> {
    const jobs = [...this.#entries.values()].map(({ job }) => job);
    for (const job of jobs) job.cancel(true);
    await Promise.all(jobs.map((job) => job.done));
  }

  #userOf(node: string): Entry | undefined {
    for (const entry of this.#entries.values()) if (entry.nodes.includes(node)) return entry;
    return undefined;
  }

  #follow(id: string, status: string): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    if (status === 'concluded') entry.nodes = [];
    if (status === 'null') this.#entries.delete(id);
  }
}
