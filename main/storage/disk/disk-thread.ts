import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { ok, type Result } from '../../../shared/result.ts';
import type { ContentStamp } from '../../qed/content-stamp.ts';
import { CallingThread } from '../../threads/calling-thread.ts';
import { workerScript } from '../../threads/worker-script.ts';
import { layersOf, portsOf, type ImageChain } from '../chain/image-chain.ts';
import { isRemote, localPath } from '../chain/location.ts';
import { releaseLockOfThread } from '../lock/image-lock.ts';
import type { DiskEvent } from './disk-events.ts';
import type { DiskLayer } from './disk-layers.ts';
import type { Access, DiskCalls, JobControl } from './disk-protocol.ts';
import type { DiskSpec, StreamSpec } from './disk-spec.ts';
import type { NbdService, NbdServiceSpec } from './nbd-services.ts';
import type { DiskActivity, DiskStatus } from './open-disk.ts';

/** A disk that is open in a thread of its own, as the rest of the program handles it. */
export class DiskThread {
  readonly #thread: CallingThread<DiskCalls, DiskEvent>;
  #closing: Promise<Result<void>> | null = null;

  /**
   * Starts the thread and opens the disk in it. Fails as {@link openChain} does.
   * @param listen hears what the disk tells by itself
   */
  static async open(
    spec: DiskSpec,
    listen: (event: DiskEvent) => void = () => {},
  ): Promise<Result<DiskThread>> {
    const thread = new CallingThread<DiskCalls, DiskEvent>({
      script: workerScript('main/storage/disk/disk-worker'),
      what: 'The thread of the disk',
      listen,
      ended: () => giveBackLocks(spec.chain, thread.id),
    });
    const opened = await thread.call('open', spec, { transfer: portsOf(spec.chain) });
    if (opened.ok) return ok(new DiskThread(thread));
    await thread.end();
    return opened;
  }

  private constructor(thread: CallingThread<DiskCalls, DiskEvent>) {
    this.#thread = thread;
  }

  /**
   * A port on which the disk answers by the block port protocol, to be handed to another thread.
   * @param boots a guest boots from it: what a boot reads is fetched ahead, where that is known
   */
  async connect(access: Access = 'write', boots = true): Promise<Result<MessagePort>> {
    const { port1, port2 } = new MessageChannel();
    const connected = await this.#thread.call(
      'connect',
      { port: port1, access, boots },
      { transfer: [port1] },
    );
    return connected.ok ? ok(port2) : connected;
  }

  /** See {@link OpenDisk.reconnect}. @param port is handed over */
  reconnect(location: string, port: MessagePort): Promise<Result<void>> {
    return this.#thread.call('reconnect', { location, port }, { transfer: [port] });
  }

  /**
   * Serves the disk over NBD from its own thread, so that requests of a QEMU or any other client go straight to it.
   * Clients that come and go are told as `nbd-clients`. Fails with `busy` where somebody listens at the address.
   */
  serveNbd(spec: NbdServiceSpec): Promise<Result<NbdService>> {
    return this.#thread.call('serveNbd', spec);
  }

  /** Answers what is under way, then ends every connection of the service. */
  stopNbd(id: number): Promise<Result<void>> {
    return this.#thread.call('stopNbd', { id });
  }

  startStream(spec: StreamSpec): Promise<Result<void>> {
    return this.#thread.call('startStream', spec);
  }

  controlJob(id: string, verb: JobControl): Promise<Result<void>> {
    return this.#thread.call('job', { id, verb });
  }

  /** @param bytesPerSecond 0 for no limit of the job's own */
  setSpeed(id: string, bytesPerSecond: number): Promise<Result<void>> {
    return this.#thread.call('setSpeed', { id, bytesPerSecond });
  }

  /** @param bytesPerSecond for guest reads and streaming together; 0 for no limit */
  setLimit(bytesPerSecond: number): Promise<Result<void>> {
    return this.#thread.call('setLimit', { bytesPerSecond });
  }

  /** Makes everything durable that guests have written, whichever way they did. */
  flush(): Promise<Result<void>> {
    return this.#thread.call('flush', null);
  }

  /** See {@link OpenDisk.stampContent}. */
  stampContent(stamp: ContentStamp): Promise<Result<void>> {
    return this.#thread.call('stampContent', { stamp });
  }

  retryNow(): Promise<Result<void>> {
    return this.#thread.call('retryNow', null);
  }

  status(): Promise<Result<DiskStatus>> {
    return this.#thread.call('status', null);
  }

  /** The images of the disk, topmost first. */
  layers(): Promise<Result<readonly DiskLayer[]>> {
    return this.#thread.call('layers', null);
  }

  /** What goes on where, for each of `cells` equal stretches of the disk. */
  activity(cells: number): Promise<Result<DiskActivity>> {
    return this.#thread.call('activity', { cells });
  }

  /** See {@link OpenDisk.recordBoot}. */
  recordBoot(quietMs?: number): Promise<Result<void>> {
    return this.#thread.call('recordBoot', { quietMs });
  }

  /** The guest's login prompt was seen: a boot that is being recorded is over. */
  bootEnded(): Promise<Result<void>> {
    return this.#thread.call('bootEnded', null);
  }

  /** Ends streaming resumably, makes everything durable, closes the disk and ends its thread. Idempotent. */
  close(): Promise<Result<void>> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<Result<void>> {
    const closed = await this.#thread.call('close', null);
    await this.#thread.end();
    return closed;
  }
}

/** A thread that died has not given back its locks; the next one needs them. */
function giveBackLocks(chain: ImageChain, thread: number): void {
  for (const { location } of layersOf(chain)) {
    if (!isRemote(location)) releaseLockOfThread(localPath(location), thread);
  }
}
