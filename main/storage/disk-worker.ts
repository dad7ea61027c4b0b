/** Entry of a disk worker: the thread that owns one open disk (ADR 1). */
import { parentPort, type MessagePort } from 'node:worker_threads';
import { systemClock } from '../../shared/clock.ts';
import { assertNever, DONE, err, ok, type Result } from '../../shared/result.ts';
import { serveBlockDevice, type BlockService } from './block-port/server.ts';
import { OpenDisk } from './disk/open-disk.ts';
import type { DiskMessage, DiskRequest } from './disk/disk-protocol.ts';

class DiskServer {
  readonly #port: MessagePort;
  readonly #services = new Set<BlockService>();
  #disk: OpenDisk | null = null;

  constructor(port: MessagePort) {
    this.#port = port;
    port.on('message', (request: DiskRequest) => void this.#answer(request));
  }

  async #answer(request: DiskRequest): Promise<void> {
    const result = await this.#serve(request);
    this.#send({ kind: 'answer', id: request.id, result });
    if (request.call === 'close') this.#port.close();
  }

  async #serve(request: DiskRequest): Promise<Result<unknown>> {
    if (request.call === 'open') return this.#open(request.argument);
    if (request.call === 'close') return this.#close();
    const disk = this.#disk;
    if (disk === null) return err('closed', 'The disk is not open');
    switch (request.call) {
      case 'connect':
        return this.#connect(disk, request.argument.port);
      case 'startStream':
        return disk.startStream(request.argument);
      case 'job':
        return this.#control(disk, request.argument);
      case 'setSpeed': {
        const job = disk.job(request.argument.id);
        return job.ok ? job.value.setSpeed(request.argument.bytesPerSecond) : job;
      }
      case 'setLimit':
        disk.setLimit(request.argument.bytesPerSecond);
        return DONE;
      case 'stampContent':
        return disk.stampContent(request.argument.stamp);
      case 'retryNow':
        disk.retryNow();
        return DONE;
      case 'status':
        return ok(disk.status());
      case 'activity':
        return ok(disk.activity(request.argument.cells));
      case 'recordBoot':
        disk.recordBoot();
        return DONE;
      case 'bootEnded':
        disk.bootEnded();
        return DONE;
      default:
        return assertNever(request);
    }
  }

  async #open(spec: Extract<DiskRequest, { call: 'open' }>['argument']): Promise<Result<unknown>> {
    const opened = await OpenDisk.open(spec, systemClock, (event) => this.#send({ kind: 'event', event }));
    if (!opened.ok) return opened;
    this.#disk = opened.value;
    return ok(opened.value.status());
  }

  #connect(disk: OpenDisk, port: MessagePort): Result<void> {
    disk.guestConnected();
    const service = serveBlockDevice(disk.device, port);
    this.#services.add(service);
    void service.ended.then((ended) => {
      this.#services.delete(service);
      if (!ended.ok) this.#send({ kind: 'event', event: { kind: 'store-failed', failure: ended.failure } });
    });
    return DONE;
  }

  #control(disk: OpenDisk, { id, verb }: Extract<DiskRequest, { call: 'job' }>['argument']): Result<void> {
    const job = disk.job(id);
    if (!job.ok) return job;
    switch (verb) {
      case 'pause':
        return job.value.pause();
      case 'resume':
        return job.value.resume();
      case 'cancel':
        return job.value.cancel();
      case 'force-cancel':
        return job.value.cancel(true);
      case 'finalize':
        return job.value.finalize();
      case 'dismiss':
        return job.value.dismiss();
      default:
        return assertNever(verb);
    }
  }

  async #close(): Promise<Result<void>> {
    const disk = this.#disk;
    this.#disk = null;
    const ended = [...this.#services].map((service) => service.close());
    disk?.stopWaiting();
    await Promise.all(ended);
    return disk === null ? DONE : disk.close();
  }

  #send(message: DiskMessage): void {
    this.#port.postMessage(message);
  }
}

if (parentPort !== null) new DiskServer(parentPort);
