/** Entry of a disk worker: the thread that owns one open disk (ADR 1). */
import { parentPort, type MessagePort } from 'node:worker_threads';
import { systemClock } from '../../../shared/clock.ts';
import { assertNever, DONE, err, ok, type Result } from '../../../shared/result.ts';
import { answerCalls, type CallHandlers, type Tell } from '../../threads/answer-calls.ts';
import { ReadView } from '../block-port/read-view.ts';
import { serveBlockDevice, type BlockService } from '../block-port/server.ts';
import type { DiskEvent } from './disk-events.ts';
import type { Access, DiskCalls, JobControl } from './disk-protocol.ts';
import type { DiskSpec } from './disk-spec.ts';
import { NbdServices } from './nbd-services.ts';
import { OpenDisk, type DiskStatus } from './open-disk.ts';

class DiskServer {
  readonly #tell: Tell<DiskEvent>;
  readonly #services = new Set<BlockService>();
  readonly #nbd: NbdServices;
  #disk: OpenDisk | null = null;

  constructor(tell: Tell<DiskEvent>) {
    this.#tell = tell;
    this.#nbd = new NbdServices(systemClock, tell);
  }

  get handlers(): CallHandlers<DiskCalls> {
    return {
      open: (spec) => this.#open(spec),
      close: () => this.#close(),
      connect: ({ port, access, boots }) => this.#with((disk) => this.#connect(disk, port, access, boots)),
      reconnect: ({ location, port }) => this.#with((disk) => disk.reconnect(location, port)),
      serveNbd: (spec) => this.#with((disk) => this.#nbd.serve(disk, spec)),
      stopNbd: ({ id }) => this.#nbd.stop(id),
      startStream: (spec) => this.#with((disk) => disk.startStream(spec)),
      job: ({ id, verb }) => this.#with((disk) => control(disk, id, verb)),
      setSpeed: ({ id, bytesPerSecond }) =>
        this.#with((disk) => {
          const job = disk.job(id);
          return job.ok ? job.value.setSpeed(bytesPerSecond) : job;
        }),
      setLimit: ({ bytesPerSecond }) =>
        this.#with((disk) => {
          disk.setLimit(bytesPerSecond);
          return DONE;
        }),
      retryNow: () =>
        this.#with((disk) => {
          disk.retryNow();
          return DONE;
        }),
      flush: () => this.#with((disk) => disk.device.flush()),
      stampContent: ({ stamp }) => this.#with((disk) => disk.stampContent(stamp)),
      status: () => this.#with((disk) => ok(disk.status())),
      layers: () => this.#with((disk) => ok(disk.layers())),
      activity: ({ cells }) => this.#with((disk) => ok(disk.activity(cells))),
      recordBoot: ({ quietMs }) =>
        this.#with((disk) => {
          disk.recordBoot(quietMs);
          return DONE;
        }),
      bootEnded: () =>
        this.#with((disk) => {
          disk.bootEnded();
          return DONE;
        }),
    };
  }

  #with<T>(work: (disk: OpenDisk) => T): T | Result<never> {
    return this.#disk === null ? err('closed', 'The disk is not open') : work(this.#disk);
  }

  async #open(spec: DiskSpec): Promise<Result<DiskStatus>> {
    const opened = await OpenDisk.open(spec, systemClock, (event) => this.#tell(event));
    if (!opened.ok) return opened;
    this.#disk = opened.value;
    return ok(opened.value.status());
  }

  #connect(disk: OpenDisk, port: MessagePort, access: Access, boots: boolean): Result<void> {
    disk.guestConnected(boots);
    const service = serveBlockDevice(access === 'read' ? new ReadView(disk.device) : disk.device, port);
    this.#services.add(service);
    void service.ended.then((ended) => {
      this.#services.delete(service);
      if (!ended.ok) this.#tell({ kind: 'store-failed', failure: ended.failure });
    });
    return DONE;
  }

  async #close(): Promise<Result<void>> {
    const disk = this.#disk;
    this.#disk = null;
    const ended = [...[...this.#services].map((service) => service.close()), this.#nbd.close()];
    disk?.stopWaiting();
    await Promise.all(ended);
    return disk === null ? DONE : disk.close();
  }
}

function control(disk: OpenDisk, id: string, verb: JobControl): Result<void> {
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
    case 'complete':
      return job.value.complete();
    case 'finalize':
      return job.value.finalize();
    case 'dismiss':
      return job.value.dismiss();
    default:
      return assertNever(verb);
  }
}

if (parentPort !== null)
  answerCalls<DiskCalls, DiskEvent>(parentPort, (tell) => new DiskServer(tell).handlers);
