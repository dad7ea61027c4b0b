import type { Failure } from '../../../shared/result.ts';
import type { JobStatus } from './job-status.ts';

export type ErrorAction = 'report' | 'ignore' | 'stop';

/** Where a job stood when it ended; `len` and `offset` in bytes, `speed` in bytes per second. */
export interface JobReport {
  readonly type: 'stream';
  readonly device: string;
  readonly len: number;
  readonly offset: number;
  readonly speed: number;
}

/**
 * What jobs tell: names, members and order as in QEMU's QMP, so that a monitor can print them as they are. The two
 * `STREAM_SOURCE_…` events are ours.
 */
export type JobEvent =
  | {
      readonly event: 'JOB_STATUS_CHANGE';
      readonly data: { readonly id: string; readonly status: JobStatus };
    }
  | { readonly event: 'BLOCK_JOB_COMPLETED'; readonly data: JobReport & { readonly error?: string } }
  | { readonly event: 'BLOCK_JOB_CANCELLED'; readonly data: JobReport }
  | {
      readonly event: 'BLOCK_JOB_ERROR';
      readonly data: {
        readonly device: string;
        readonly operation: 'read' | 'write';
        readonly action: ErrorAction;
      };
    }
  | { readonly event: 'BLOCK_JOB_PENDING'; readonly data: { readonly type: 'stream'; readonly id: string } }
  /** The source stopped answering and the job waits for it; told once until it is back. */
  | {
      readonly event: 'STREAM_SOURCE_LOST';
      readonly data: { readonly device: string; readonly failure: Failure };
    }
  | { readonly event: 'STREAM_SOURCE_BACK'; readonly data: { readonly device: string } };

export type JobListener = (event: JobEvent) => void;
