import type { Clock } from '../../../shared/clock.ts';
import { DONE, err, type Failure, type Result } from '../../../shared/result.ts';
import { REPORT, type SourcePolicy } from '../waiting/back-off.ts';
import { BucketChain, UNLIMITED } from '../limits/bucket-chain.ts';
import type { RateLimit } from '../limits/rate-limit.ts';
import { TokenBucket } from '../limits/token-bucket.ts';
import type { OrderPolicy } from '../order/order-policy.ts';
import { Planner } from './planner.ts';
import { AdaptiveWindow } from '../window/adaptive-window.ts';
import { LocalWindow } from '../window/local-window.ts';
import type { ErrorAction, JobListener, JobReport } from './job-events.ts';
import { JobMachine } from './job-machine.ts';
import type { JobStatus } from './job-status.ts';
import { errorAction, errorText, type IoStatus, type OnError } from './on-error.ts';
import { Progress } from './progress.ts';
import { SourceWatch, type WaitingForSource } from './source-watch.ts';
import { Standstill } from './standstill.ts';
import type { StreamTarget } from './stream-target.ts';
import { Transfer, type TransferOwner } from './transfer.ts';
import type { TransferWindow } from '../window/transfer-window.ts';

export interface StreamJobOptions {
  readonly id: string;
  readonly target: StreamTarget;
  readonly clock: Clock;
  readonly listener?: JobListener | undefined;
  /** Bytes per second, 0 for no limit of its own. Default 0. */
  readonly speed?: number | undefined;
  /** Limits the job shares with others: everything, this disk. */
  readonly limit?: RateLimit | undefined;
  /** Default `report`. */
  readonly onError?: OnError | undefined;
  /** What to do when the source cannot be reached; by default an error like any other. */
  readonly onSourceLost?: SourcePolicy | undefined;
  /** What to fetch before the ascending sweep, most important first. */
  readonly order?: readonly OrderPolicy[] | undefined;
  /** True while something comes that is more urgent: nothing is begun then. */
  readonly standsBack?: (() => boolean) | undefined;
  /** How much to have in flight. Default: by the line for remote sources, else by how quickly they are copied. */
  readonly window?: TransferWindow | undefined;
  /** False: stop in `pending` and wait for {@link StreamJob.finalize}. Default true. */
  readonly autoFinalize?: boolean | undefined;
  /** False: stay in `concluded` until {@link StreamJob.dismiss}. Default true. */
  readonly autoDismiss?: boolean | undefined;
}

/** What a job tells of itself; bytes, bytes per second, milliseconds. */
export interface StreamJobInfo extends JobReport {
  readonly status: JobStatus;
  /** Requests are in flight. */
  readonly busy: boolean;
  /** Somebody, or a failure, wants it to stand still; it may take a moment until it does. */
  readonly paused: boolean;
  readonly ready: false;
  readonly ioStatus: IoStatus;
  readonly autoFinalize: boolean;
  readonly autoDismiss: boolean;
  readonly error?: string;
  /** Bytes that came in per second, over the last ten seconds. */
  readonly rate: number;
  readonly etaMs: number | null;
  readonly waitingForSource: WaitingForSource | null;
}

export type JobOutcome =
  | { readonly kind: 'completed' }
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'failed'; readonly failure: Failure };

/**
 * Streams a target from its source and makes it stand alone: QEMU's `block-stream` as a job with QEMU's states,
 * verbs, events and error policies. It has no state on disk of its own: what is local is what is done, so a job that
 * was cancelled or killed is resumed by starting another one.
 *
 * A cancel that arrives while the target is being finished comes too late: the job completes, and says so, as in the
 * first implementation of 2011 ("the event is sent and then the cancel returns").
 */
export class StreamJob implements TransferOwner {
  readonly id: string;
  /** Settles when the job has concluded; never rejects. */
  readonly done: Promise<JobOutcome>;
  readonly #options: StreamJobOptions;
  readonly #machine: JobMachine;
  readonly #bucket: TokenBucket;
  readonly #planner: Planner;
  readonly #progress: Progress;
  readonly #source: SourceWatch;
  readonly #transfer: Transfer;
  #conclude: (outcome: JobOutcome) => void = () => {};
  readonly #standstill = new Standstill();
  #cancelled = false;
  #finishing = false;
  #outcome: JobOutcome | null = null;

  constructor(options: StreamJobOptions) {
    const { clock, target } = options;
    this.id = options.id;
    this.#options = options;
    this.#bucket = new TokenBucket(clock, options.speed ?? 0);
    this.#planner = new Planner(target, options.order ?? []);
    this.#progress = new Progress(clock, target.lengthBytes);
    this.#source = new SourceWatch(clock, options.onSourceLost ?? REPORT);
    this.#transfer = new Transfer(
      {
        clock,
        target,
        planner: this.#planner,
        window: options.window ?? defaultWindow(clock, target),
        limit: new BucketChain([options.limit ?? UNLIMITED, this.#bucket]),
        source: this.#source,
        standsBack: options.standsBack ?? (() => false),
      },
      this,
    );
    this.done = new Promise((resolve) => {
      this.#conclude = resolve;
    });
    this.#machine = new JobMachine(options.id, options.listener ?? (() => {}));
  }

  get status(): JobStatus {
    return this.#machine.status;
  }

  /** Requests are in flight. */
  get busy(): boolean {
    return this.#transfer.busy || this.#finishing;
  }

  info(): StreamJobInfo {
    const failure = this.#outcome?.kind === 'failed' ? this.#outcome.failure : null;
    return {
      ...this.#report(),
      status: this.status,
      busy: this.busy,
      paused: this.#standstill.wanted,
      ready: false,
      ioStatus: this.#standstill.ioStatus,
      autoFinalize: this.#options.autoFinalize ?? true,
      autoDismiss: this.#options.autoDismiss ?? true,
      ...(failure === null ? {} : { error: errorText(failure) }),
      rate: this.#progress.rate(),
      etaMs: this.status === 'running' && !this.#standstill.wanted ? this.#progress.etaMs() : null,
      waitingForSource: this.#source.waiting,
    };
  }

  /** `created` to `running`; the work begins when the caller had its turn. */
  start(): void {
    this.#machine.enter('running');
    void this.#run();
  }

  pause(): Result<void> {
    const allowed = this.#machine.check('pause');
    if (!allowed.ok) return allowed;
    if (this.#standstill.wanted) return err('invalid-argument', 'Job is already paused');
    this.#standstill.begin();
    this.#transfer.wake();
    return DONE;
  }

  resume(): Result<void> {
    const allowed = this.#machine.check('resume');
    if (!allowed.ok) return allowed;
    if (!this.#standstill.wanted) return err('invalid-argument', "Can't resume a job that was not paused");
    this.#goOn();
    return DONE;
  }

  /**
   * Asks the job to end; {@link done} tells when it has. What is local stays.
   * @param force also when it is paused, where a plain cancel is refused
   */
  cancel(force = false): Result<void> {
    const allowed = this.#machine.check('cancel');
    if (!allowed.ok) return allowed;
    if (this.#standstill.wanted && !force) {
      return err('busy', `The block job for device '${this.id}' is currently paused`);
    }
    if (this.#finishing || this.#cancelled) return DONE;
    this.#cancelled = true;
    if (this.status === 'created' || this.status === 'pending') this.#end({ kind: 'cancelled' });
    else this.#goOn();
    return DONE;
  }

  /** @param bytesPerSecond 0 for no limit; counts at once, also for a job that sleeps because of the old one. */
  setSpeed(bytesPerSecond: number): Result<void> {
    const allowed = this.#machine.check('set-speed');
    if (!allowed.ok) return allowed;
    const valid = checkSpeed(bytesPerSecond);
    if (!valid.ok) return valid;
    this.#bucket.setRate(bytesPerSecond);
    this.#transfer.wake();
    return DONE;
  }

  /** For jobs that become `ready`, which this one never does. */
  complete(): Result<void> {
    return this.#machine.check('complete');
  }

  finalize(): Result<void> {
    const allowed = this.#machine.check('finalize');
    if (!allowed.ok) return allowed;
    if (this.#finishing) return err('busy', `Job '${this.id}' is being finalized`);
    void this.#finish();
    return DONE;
  }

  dismiss(): Result<void> {
    const allowed = this.#machine.check('dismiss');
    if (allowed.ok) this.#machine.enter('null');
    return allowed;
  }

  /** Gives up a job that was not started: no event but the change of state. */
  discard(): void {
    this.#machine.enter('null');
  }

  /** The network is back, or somebody thinks so: asks the source again without waiting for the next try. */
  retryNow(): void {
    if (this.#source.waiting === null) return;
    this.#source.retryNow();
    this.#transfer.wake();
  }

  get wantsCancel(): boolean {
    return this.#cancelled;
  }

  get wantsPause(): boolean {
    return this.#standstill.wanted && !this.#cancelled;
  }

  async paused(): Promise<void> {
    this.#machine.enter('paused');
    this.#progress.restart();
    if (this.wantsPause) await this.#standstill.ended();
    this.#machine.enter('running');
  }

  moved(movedBytes: number): void {
    this.#progress.note(this.#planner.settledBytes, movedBytes);
  }

  failed(failure: Failure): ErrorAction {
    const action = errorAction(this.#options.onError ?? 'report', failure);
    // Requests in flight together fail together; the user stopped once and is told once.
    if (action === 'stop' && this.#standstill.ioStatus !== 'ok') return action;
    this.#machine.tell({ event: 'BLOCK_JOB_ERROR', data: { device: this.id, operation: 'read', action } });
    if (action === 'stop') this.#standstill.beginBecause(failure);
    return action;
  }

  sourceLost(failure: Failure): void {
    this.#machine.tell({ event: 'STREAM_SOURCE_LOST', data: { device: this.id, failure } });
  }

  sourceBack(): void {
    this.#machine.tell({ event: 'STREAM_SOURCE_BACK', data: { device: this.id } });
  }

  #goOn(): void {
    this.#standstill.end();
    this.#transfer.wake();
  }

  async #run(): Promise<void> {
    const streamed = await this.#transfer.run();
    if (this.#cancelled || !streamed.ok) {
      this.#end(
        this.#cancelled || streamed.ok
          ? { kind: 'cancelled' }
          : { kind: 'failed', failure: streamed.failure },
      );
      return;
    }
    this.#machine.enter('waiting');
    this.#machine.enter('pending');
    if (this.#options.autoFinalize ?? true) await this.#finish();
    else this.#machine.tell({ event: 'BLOCK_JOB_PENDING', data: { type: 'stream', id: this.id } });
  }

  async #finish(): Promise<void> {
    this.#finishing = true;
    const finished = await this.#options.target.finish();
    this.#finishing = false;
    this.#end(finished.ok ? { kind: 'completed' } : { kind: 'failed', failure: finished.failure });
  }

  #end(outcome: JobOutcome): void {
    this.#outcome = outcome;
    if (outcome.kind !== 'completed') this.#machine.enter('aborting');
    const data = this.#report();
    if (outcome.kind === 'cancelled') {
      this.#machine.tell({ event: 'BLOCK_JOB_CANCELLED', data });
    } else {
      const error = outcome.kind === 'failed' ? { error: errorText(outcome.failure) } : {};
      this.#machine.tell({ event: 'BLOCK_JOB_COMPLETED', data: { ...data, ...error } });
    }
    this.#machine.enter('concluded');
    this.#conclude(outcome);
    if (this.#options.autoDismiss ?? true) this.#machine.enter('null');
  }

  #report(): JobReport {
    return {
      type: 'stream',
      device: this.id,
      len: this.#options.target.lengthBytes,
      offset:
        this.#outcome?.kind === 'completed' ? this.#options.target.lengthBytes : this.#planner.settledBytes,
      speed: this.#bucket.bytesPerSecond,
    };
  }
}

export function checkSpeed(bytesPerSecond: number): Result<void> {
  return Number.isSafeInteger(bytesPerSecond) && bytesPerSecond >= 0
    ? DONE
    : err('invalid-argument', "Parameter 'speed' expects a non-negative value");
}

function defaultWindow(clock: Clock, target: StreamTarget): TransferWindow {
  return target.remote ? new AdaptiveWindow(clock, target.clusterBytes) : new LocalWindow(clock);
}
