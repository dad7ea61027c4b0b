import { err, ok, type Result } from '../../../shared/result.ts';
import type { JobListener } from './job-events.ts';
import { checkSpeed, StreamJob, type StreamJobInfo, type StreamJobOptions } from './stream-job.ts';

/** A letter, then letters, digits, `-`, `.` and `_` (`id_wellformed` of QEMU). */
const JOB_ID = /^[A-Za-z][A-Za-z0-9._-]*$/;

export interface StreamRequest extends StreamJobOptions {
  /** Names of the block nodes the job changes or reads; no two jobs may share one. */
  readonly nodes: readonly string[];
}

interface Entry {
  readonly job: StreamJob;
  /** Emptied when the job has concluded. */
  nodes: readonly string[];
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
    for (const node of request.nodes) {
      if (this.isBusy(node)) {
        return err('busy', `Node '${node}' is busy: block device is in use by block job: stream`);
      }
    }
    const { id } = request;
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
    this.#entries.set(id, { job, nodes: request.nodes });
    job.start();
    return ok(job);
  }

  /** Failure `not-found` when there is none. */
  find(id: string): Result<StreamJob> {
    const entry = this.#entries.get(id);
    return entry === undefined ? err('not-found', `Block job '${id}' not found`) : ok(entry.job);
  }

  isBusy(node: string): boolean {
    for (const entry of this.#entries.values()) if (entry.nodes.includes(node)) return true;
    return false;
  }

  /** Every job, oldest first. */
  query(): readonly StreamJobInfo[] {
    return [...this.#entries.values()].map(({ job }) => job.info());
  }

  /** Ends every job and resolves when all have ended: before their disks are closed. */
  async cancelAll(): Promise<void> {
    const jobs = [...this.#entries.values()].map(({ job }) => job);
    for (const job of jobs) job.cancel(true);
    await Promise.all(jobs.map((job) => job.done));
  }

  #follow(id: string, status: string): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    if (status === 'concluded') entry.nodes = [];
    if (status === 'null') this.#entries.delete(id);
  }
}
