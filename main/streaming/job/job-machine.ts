import { DONE, err, type Result } from '../../../shared/result.ts';
import type { JobEvent, JobListener } from './job-events.ts';
import { accepts, mayFollow, type JobStatus, type JobVerb } from './job-status.ts';

/** The state of one job: refuses verbs that do not fit it, tells of every change. */
export class JobMachine {
  readonly #id: string;
  readonly #listener: JobListener;
  #status: JobStatus = 'created';

  constructor(id: string, listener: JobListener) {
    this.#id = id;
    this.#listener = listener;
    this.#announce();
  }

  get status(): JobStatus {
    return this.#status;
  }

  /** Failure text as in QEMU. */
  check(verb: JobVerb): Result<void> {
    return accepts(this.#status, verb)
      ? DONE
      : err(
          'invalid-argument',
          `Job '${this.#id}' in state '${this.#status}' cannot accept command verb '${verb}'`,
        );
  }

  enter(status: JobStatus): void {
    if (!mayFollow(this.#status, status)) {
      throw new Error(`job '${this.#id}' cannot go from '${this.#status}' to '${status}'`);
    }
    this.#status = status;
    this.#announce();
  }

  tell(event: JobEvent): void {
    this.#listener(event);
  }

  #announce(): void {
    this.tell({ event: 'JOB_STATUS_CHANGE', data: { status: this.#status, id: this.#id } });
  }
}
