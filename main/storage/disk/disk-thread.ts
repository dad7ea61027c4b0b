import { MessageChannel, Worker, type MessagePort } from 'node:worker_threads';
import { err, ok, type Result } from '../../../shared/result.ts';
import type { ContentStamp } from '../../qed/content-stamp.ts';
import { workerScript } from '../worker-script.ts';
import type { DiskEvent } from './disk-events.ts';
import type { DiskCall, DiskCalls, DiskMessage, JobVerb } from './disk-protocol.ts';
import type { DiskSpec, StreamSpec } from './disk-spec.ts';
import type { DiskActivity, DiskStatus } from './open-disk.ts';

/** A disk that is open in a thread of its own, as the rest of the program handles it. */
export class DiskThread {
  readonly #worker: Worker;
  readonly #listen: (event: DiskEvent) => void;
  readonly #waiting = new Map<number, (result: Result<never>) => void>();
  #nextId = 0;
  #lost: Result<never> | null = null;
  #closing: Promise<Result<void>> | null = null;

  /**
   * Starts the thread and opens the disk in it. Fails as {@link openChain} does.
   * @param listen hears what the disk tells by itself
   */
  static async open(
    spec: DiskSpec,
    listen: (event: DiskEvent) => void = () => {},
  ): Promise<Result<DiskThread>> {
    const thread = new DiskThread(listen);
    const opened = await thread.#call('open', spec);
    if (opened.ok) return ok(thread);
    await thread.#worker.terminate();
    return opened;
  }

  private constructor(listen: (event: DiskEvent) => void) {
    this.#listen = listen;
    this.#worker = new Worker(workerScript('main/storage/disk-worker'));
    this.#worker.on('message', (message: DiskMessage) => this.#receive(message));
    this.#worker.on('error', (error) => this.#end(`failed: ${error.message}`));
    this.#worker.on('exit', () => this.#end('has ended'));
  }

  /** A port on which the disk answers by the block port protocol, to be handed to another thread. */
  async connect(): Promise<Result<MessagePort>> {
    const { port1, port2 } = new MessageChannel();
    const connected = await this.#call('connect', { port: port1 }, [port1]);
    return connected.ok ? ok(port2) : connected;
  }

  startStream(spec: StreamSpec): Promise<Result<void>> {
    return this.#call('startStream', spec);
  }

  controlJob(id: string, verb: JobVerb): Promise<Result<void>> {
    return this.#call('job', { id, verb });
  }

  /** @param bytesPerSecond 0 for no limit of the job's own */
  setSpeed(id: string, bytesPerSecond: number): Promise<Result<void>> {
    return this.#call('setSpeed', { id, bytesPerSecond });
  }

  /** @param bytesPerSecond for guest reads and streaming together; 0 for no limit */
  setLimit(bytesPerSecond: number): Promise<Result<void>> {
    return this.#call('setLimit', { bytesPerSecond });
  }

  /** See {@link OpenDisk.stampContent}. */
  stampContent(stamp: ContentStamp): Promise<Result<void>> {
    return this.#call('stampContent', { stamp });
  }

  retryNow(): Promise<Result<void>> {
    return this.#call('retryNow', null);
  }

  status(): Promise<Result<DiskStatus>> {
    return this.#call('status', null);
  }

  /** What goes on where, for each of `cells` equal stretches of the disk. */
  activity(cells: number): Promise<Result<DiskActivity>> {
    return this.#call('activity', { cells });
  }

  /** A guest is about to boot: what it reads is told afterwards, as `boot-recorded`. */
  recordBoot(): Promise<Result<void>> {
    return this.#call('recordBoot', null);
  }

  /** The guest's login prompt was seen: a boot that is being recorded is over. */
  bootEnded(): Promise<Result<void>> {
    return this.#call('bootEnded', null);
  }

  /** Ends streaming resumably, makes everything durable, closes the disk and ends its thread. Idempotent. */
  close(): Promise<Result<void>> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<Result<void>> {
    const closed = await this.#call('close', null);
    await this.#worker.terminate();
    return closed;
  }

  #call<Name extends DiskCall>(
    call: Name,
    argument: DiskCalls[Name]['argument'],
    transfer: readonly MessagePort[] = [],
  ): Promise<Result<DiskCalls[Name]['answer']>> {
    if (this.#lost !== null) return Promise.resolve(this.#lost);
    const id = this.#nextId++;
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      this.#worker.postMessage({ id, call, argument }, [...transfer]);
    });
  }

  #receive(message: DiskMessage): void {
    if (message.kind === 'event') return this.#listen(message.event);
    this.#waiting.get(message.id)?.(message.result as Result<never>);
    this.#waiting.delete(message.id);
  }

  #end(how: string): void {
    this.#lost ??= err('closed', `The thread of the disk ${how}`);
    for (const resolve of this.#waiting.values()) resolve(this.#lost);
    this.#waiting.clear();
  }
}
