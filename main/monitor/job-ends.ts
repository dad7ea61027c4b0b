import type { JobEvent } from '../streaming/job/job-events.ts';

export interface JobEnd {
  /** Resolves when the job has concluded. */
  readonly reached: Promise<void>;
  /** Nobody waits for it any more. */
  readonly forget: () => void;
}

/** Who waits for the end of a job. */
export class JobEnds {
  readonly #waiting = new Map<string, Set<() => void>>();

  of(id: string): JobEnd {
    const waiting = this.#waiting.get(id) ?? new Set();
    this.#waiting.set(id, waiting);
    let wake = () => {};
    const reached = new Promise<void>((resolve) => (wake = resolve));
    waiting.add(wake);
    return { reached, forget: () => waiting.delete(wake) };
  }

  hear({ event, data }: JobEvent): void {
    if (event !== 'JOB_STATUS_CHANGE' || data.status !== 'concluded') return;
    const waiting = this.#waiting.get(data.id);
    this.#waiting.delete(data.id);
    for (const wake of waiting ?? []) wake();
  }

  /** Nothing ends any more that has not: the disks are closed. */
  wakeAll(): void {
    const all = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const waiting of all) for (const wake of waiting) wake();
  }
}
