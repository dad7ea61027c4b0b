import { systemClock, sleep } from '../../../../shared/clock.ts';
import type { DiskSource } from '../../../../shared/ipc/disk-sources.ts';
import { ok, type Failure, type Result } from '../../../../shared/result.ts';
import { sourceView } from '../../../disks/source-view.ts';
import { followChain } from '../../../storage/chain/follow.ts';
import type { ImageChain } from '../../../storage/chain/image-chain.ts';
import type { DiskEvent, WaitingReads } from '../../../storage/disk/disk-events.ts';
import { DiskThread } from '../../../storage/disk/disk-thread.ts';
import type { DiskStatus } from '../../../storage/disk/open-disk.ts';
import { surveyImage } from '../../../storage/overlays/survey.ts';
import { command } from '../../arguments/command.ts';
import { formatBytes, formatDuration, formatRate } from '../../display/quantities.ts';
import { sourceTable } from '../../display/source-table.ts';
import { StatusLine } from '../../display/status-line.ts';
import { describeProgress } from '../../display/stream-progress.ts';
import { EXIT, type Terminal } from '../../terminal.ts';
import { STREAM, type StreamArguments } from './arguments.ts';

const JOB_ID = 'stream';
const REFRESH_MS = 250;

/** `headwater stream IMAGE`: fills an overlay in the foreground. */
export const streamCommand = command({
  ...STREAM,
  async run(wanted, terminal) {
    const chain = await followChain(wanted.image, 'qed', systemClock);
    return chain.ok ? streamChain(wanted, chain.value, terminal) : chain;
  },
});

type End =
  { readonly kind: 'completed' | 'interrupted' } | { readonly kind: 'failed'; readonly failure: Failure };

async function streamChain(
  options: StreamArguments,
  chain: ImageChain,
  terminal: Terminal,
): Promise<Result<number>> {
  // Heard from now on, so that the image is closed properly whenever the user interrupts.
  const { interrupted } = terminal;
  const before = await surveyImage(options.image, Infinity);
  if (!before.ok) return before;
  const run = new StreamRun(options, terminal, interrupted, before.value.localBytes);
  const disk = await DiskThread.open(
    {
      chain,
      readOnly: false,
      copyOnRead: 'off',
      onSourceLost: 'wait',
      ...(options.connections !== null && { connections: options.connections }),
    },
    (event) => run.hear(event),
  );
  if (!disk.ok) return disk;
  const end = await run.toEnd(disk.value);
  const closed = await disk.value.close();
  return run.report(closed.ok ? end : { kind: 'failed', failure: closed.failure });
}

/** One streaming run as its user sees it. */
class StreamRun {
  readonly #options: StreamArguments;
  readonly #terminal: Terminal;
  readonly #interrupted: AbortSignal;
  /** What the image held when it was opened, in bytes. */
  readonly #localBytes: number;
  readonly #line: StatusLine;
  readonly #startedMs = systemClock.now();
  #waiting: WaitingReads | null = null;
  #error: string | null = null;
  readonly #concluded = new AbortController();
  #cancelled = false;
  #last: DiskStatus | null = null;

  constructor(options: StreamArguments, terminal: Terminal, interrupted: AbortSignal, localBytes: number) {
    this.#options = options;
    this.#terminal = terminal;
    this.#interrupted = interrupted;
    this.#localBytes = localBytes;
    this.#line = new StatusLine(terminal, systemClock);
  }

  hear(event: DiskEvent): void {
    if (event.kind === 'waiting') this.#waiting = event.waiting;
    if (event.kind === 'store-failed') this.#say(`warning: ${event.failure.message}\n`);
    if (event.kind === 'wrong-bytes') this.#say(`not taken: ${event.wrong.failure.message}\n`);
    if (event.kind !== 'job') return;
    const told = event.event;
    if (told.event === 'BLOCK_JOB_COMPLETED') this.#error = told.data.error ?? null;
    if (told.event === 'BLOCK_JOB_CANCELLED') this.#cancelled = true;
    if (told.event === 'JOB_STATUS_CHANGE' && told.data.status === 'concluded') this.#concluded.abort();
    if (told.event === 'STREAM_SOURCE_LOST') {
      this.#say(`waiting for the source: ${told.data.failure.message}\n`);
    }
    if (told.event === 'STREAM_SOURCE_BACK') this.#say('the source is back\n');
    if (told.event === 'BLOCK_JOB_ERROR' && told.data.action === 'stop') {
      this.#say('stopped by an error; make room or mend the source, the job tries again every 5 s\n');
    }
  }

  async toEnd(disk: DiskThread): Promise<End> {
    const { speed, onError, base } = this.#options;
    const started = await disk.startStream({ jobId: JOB_ID, speed, onError, base: base ?? undefined });
    if (!started.ok) return { kind: 'failed', failure: started.failure };
    const interrupted = this.#interrupted;
    let stoppedSinceMs: number | null = null;
    const concluded = this.#concluded.signal;
    while (!concluded.aborted) {
      const status = await disk.status();
      if (!status.ok) return { kind: 'failed', failure: status.failure };
      this.#last = status.value;
      if (!this.#options.quiet && !this.#options.json) {
        this.#line.show(describeProgress(status.value, this.#waiting, this.#localBytes));
      }
      if (interrupted.aborted) await disk.controlJob(JOB_ID, 'force-cancel');
      stoppedSinceMs = await this.#retryStopped(disk, status.value, stoppedSinceMs);
      const wake = interrupted.aborted ? concluded : AbortSignal.any([interrupted, concluded]);
      await sleep(systemClock, REFRESH_MS, wake);
    }
    const status = await disk.status();
    if (status.ok) this.#last = status.value;
    if (this.#cancelled) return { kind: 'interrupted' };
    return this.#error === null
      ? { kind: 'completed' }
      : { kind: 'failed', failure: { code: 'io', message: `'${this.#options.image}': ${this.#error}` } };
  }

  report(end: End): Result<number> {
    const job = this.#last?.job;
    const localBytes = Math.max(this.#localBytes, job?.offset ?? 0);
    if (end.kind === 'completed' && !this.#options.quiet && !this.#options.json && this.#last !== null) {
      this.#line.show(describeProgress(this.#last, null));
    }
    this.#line.finish();
    const elapsedMs = systemClock.now() - this.#startedMs;
    if (this.#options.json) {
      const result = {
        image: this.#options.image,
        result: end.kind,
        'local-bytes': localBytes,
        'total-bytes': job?.len ?? 0,
        seconds: Math.round(elapsedMs) / 1000,
        ...(this.#sources.length > 0 && { sources: this.#sources }),
        ...(end.kind === 'failed' && { error: end.failure }),
      };
      this.#terminal.out(`${JSON.stringify(result, null, 4)}\n`);
    }
    if (end.kind === 'failed') return { ok: false, failure: end.failure };
    const quiet = this.#options.quiet || this.#options.json;
    if (end.kind === 'interrupted') {
      if (!quiet) {
        const left = formatBytes((job?.len ?? localBytes) - localBytes);
        this.#terminal.err(
          `headwater: interrupted with ${left} to go; nothing is lost, the same command goes on from here\n`,
        );
      }
      return ok(EXIT.interrupted);
    }
    if (!quiet) {
      // What was there before did not come now.
      const bytes = Math.max(0, (job?.len ?? 0) - this.#localBytes);
      const rate = formatRate((bytes / Math.max(1, elapsedMs)) * 1000);
      const what =
        bytes === 0
          ? 'nothing was missing'
          : `${formatBytes(bytes)} in ${formatDuration(elapsedMs)} (${rate})`;
      this.#terminal.out(`'${this.#options.image}': ${what}\n`);
      if (this.#sources.length > 1) this.#terminal.out(sourceTable(this.#sources));
    }
    return ok(EXIT.done);
  }

  /** A job that stopped on an error has nobody else to resume it here. */
  async #retryStopped(disk: DiskThread, status: DiskStatus, sinceMs: number | null): Promise<number | null> {
    if (status.job?.ioStatus === 'ok' || status.job?.status !== 'paused') return null;
    const nowMs = systemClock.now();
    if (sinceMs === null) return nowMs;
    if (nowMs - sinceMs < 5000) return sinceMs;
    await disk.controlJob(JOB_ID, 'resume');
    return null;
  }

  get #sources(): DiskSource[] {
    return (this.#last?.mirrors ?? []).map((report) => sourceView(report, systemClock.now()));
  }

  #say(text: string): void {
    if (!this.#options.quiet && !this.#options.json) this.#line.print(text);
  }
}
