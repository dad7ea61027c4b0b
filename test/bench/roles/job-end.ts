import { DONE, err, type Result } from '../../../shared/result.ts';
import type { DiskEvent } from '../../../main/storage/disk/disk-events.ts';

/** Hears from a disk how its streaming job ends. */
export class JobEnd {
  readonly ended: Promise<Result<void>>;
  /** Hand this to the disk. */
  readonly hear: (event: DiskEvent) => void;
  #over = false;

  constructor() {
    let settle: (result: Result<void>) => void = () => undefined;
    this.ended = new Promise((resolve) => {
      settle = resolve;
    });
    this.hear = (event) => {
      const result = outcomeOf(event);
      if (result === null) return;
      this.#over = true;
      settle(result);
    };
  }

  get over(): boolean {
    return this.#over;
  }
}

function outcomeOf(told: DiskEvent): Result<void> | null {
  if (told.kind === 'store-failed') return { ok: false, failure: told.failure };
  if (told.kind !== 'job') return null;
  const { event, data } = told.event;
  if (event === 'BLOCK_JOB_CANCELLED') return err('cancelled', 'streaming was cancelled');
  if (event !== 'BLOCK_JOB_COMPLETED') return null;
  return data.error === undefined ? DONE : err('io', `streaming failed: ${data.error}`);
}
