import type { Clock } from '../../../../shared/clock.ts';
import { ok, type Err, type Result } from '../../../../shared/result.ts';
import type { Terminal } from '../../terminal.ts';
import { AioQueue } from './aio-queue.ts';
import type { DiskSettings } from './disk/disk-settings.ts';
import { IoDisk } from './disk/io-disk.ts';
import { errorText, explains } from './error-text.ts';

/** What messages begin with; the rest of each line is what `qemu-io` prints. */
export const PROGRAM = 'headwater io';

/** A request that has ended well. */
export interface Performed<T> {
  readonly value: T;
  readonly elapsedMs: number;
}

/** What lasts from command to command: the open image, the requests in flight, and whether to go on. */
export class IoSession {
  readonly terminal: Terminal;
  readonly clock: Clock;
  readonly aio = new AioQueue();
  #disk: IoDisk | null = null;
  #over = false;

  constructor(terminal: Terminal, clock: Clock) {
    this.terminal = terminal;
    this.clock = clock;
  }

  get disk(): IoDisk | null {
    return this.#disk;
  }

  /** True once the user wants to leave. */
  get over(): boolean {
    return this.#over;
  }

  quit(): void {
    this.#over = true;
  }

  out(text: string): void {
    this.terminal.out(text);
  }

  /** Prints an error message. */
  complain(message: string): false {
    this.terminal.err(`${PROGRAM}: ${message}\n`);
    return false;
  }

  warn(message: string): void {
    this.complain(`warning: ${message}`);
  }

  /** Prints what QEMU says of a failed request, and, where we know more, what happened to which file. */
  failed(what: string, failed: Err): false {
    this.out(`${what} failed: ${errorText(failed.failure)}\n`);
    if (explains(failed.failure)) this.complain(failed.failure.message);
    return false;
  }

  /** Runs a request to its end and measures it. What else ended meanwhile is reported first. */
  async perform<T>(request: () => Promise<Result<T>>): Promise<Result<Performed<T>>> {
    const performed = await this.measure(request);
    this.aio.report();
    return performed;
  }

  async measure<T>(request: () => Promise<Result<T>>): Promise<Result<Performed<T>>> {
    const startedMs = this.clock.now();
    const result = await request();
    return result.ok ? ok({ value: result.value, elapsedMs: this.clock.now() - startedMs }) : result;
  }

  /** Opens an image; says why when it cannot be. */
  async open(settings: DiskSettings): Promise<boolean> {
    if (this.#disk !== null) return this.cannotOpen(settings.location, '');
    const opened = await IoDisk.open(settings, this.clock);
    if (!opened.ok) return this.cannotOpen(settings.location, opened.failure.message);
    if (opened.value.note !== undefined) this.complain(opened.value.note);
    this.#disk = opened.value;
    return true;
  }

  /** Says why an image is not opened; that another one is still open comes first. */
  cannotOpen(location: string | null, reason: string): false {
    if (this.#disk !== null) return this.complain("file open already, try 'help close'");
    const device = location === null ? '' : ` device ${location}`;
    return this.complain(`can't open${device}: ${reason}`);
  }

  /** Opens the image anew with other settings. Where that fails nothing is open any more. */
  async reopen(settings: DiskSettings): Promise<boolean> {
    const disk = this.#disk;
    if (disk === null) return false;
    await this.aio.finish();
    const reopened = await disk.reopen(settings);
    if (reopened.ok) return true;
    if (disk.closed) this.#disk = null;
    return this.complain(reopened.failure.message);
  }

  /** Waits for requests in flight and closes the image, if one is open. Says so when data could not be stored. */
  async close(): Promise<boolean> {
    await this.aio.finish();
    const disk = this.#disk;
    this.#disk = null;
    const closed = await disk?.close();
    return closed === undefined || closed.ok || this.complain(closed.failure.message);
  }
}
