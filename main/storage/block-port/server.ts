import type { MessagePort } from 'node:worker_threads';
import { DONE, assertNever, err, ok, type Result } from '../../../shared/result.ts';
import type { BlockDevice } from '../../block/device.ts';
import { Outbox, allocatePayload } from './outbox.ts';
import {
  isRequestBatch,
  type BlockAnswer,
  type BlockHello,
  type BlockReply,
  type BlockRequest,
} from './protocol.ts';

/** A disk being served to one client. */
export interface BlockService {
  /**
   * Ends the service from this side: the client's outstanding requests fail with `closed`. Resolves like `ended`.
   * Idempotent.
   */
  close(): Promise<Result<void>>;
  /**
   * Resolves when the service is over, whoever ended it (this side, the client, or the client's thread dying): no
   * request uses the device any more, and what had been acknowledged was flushed. Carries the failure of that flush,
   * or `malformed` after a message that broke the protocol.
   */
  readonly ended: Promise<Result<void>>;
}

/**
 * Lends `device` to whoever holds the other end of `port`. The device stays the caller's: it is flushed, not closed,
 * when the service ends.
 */
export function serveBlockDevice(device: BlockDevice, port: MessagePort): BlockService {
  const service = new Service(device, port);
  return { close: () => service.close(), ended: service.ended };
}

class Service {
  readonly ended: Promise<Result<void>>;
  readonly #device: BlockDevice;
  readonly #port: MessagePort;
  readonly #outbox: Outbox<BlockReply>;
  readonly #reading = new Set<Promise<void>>();
  readonly #writing = new Set<Promise<void>>();
  #stopped = false;
  #settled: Promise<Result<void>> | null = null;
  #finish: (reason: Result<void>) => void = () => undefined;

  constructor(device: BlockDevice, port: MessagePort) {
    this.#device = device;
    this.#port = port;
    this.#outbox = new Outbox(port);
    const portGone = new Promise<Result<void>>((resolve) => {
      this.#finish = resolve;
    });
    this.ended = portGone.then((reason) => this.#settle(reason));
    port.on('message', (message: unknown) => this.#receive(message));
    port.on('close', () => this.#stop(DONE));
    const hello: BlockHello = {
      protocol: 'headwater-block-1',
      name: device.name,
      lengthBytes: device.lengthBytes,
      readOnly: device.readOnly,
      remote: device.remote,
    };
    port.postMessage(hello);
  }

  close(): Promise<Result<void>> {
    this.#stop(DONE);
    return this.ended;
  }

  #stop(reason: Result<void>): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#outbox.flush();
    this.#port.close();
    this.#finish(reason);
  }

  async #settle(reason: Result<void>): Promise<Result<void>> {
    const flushed = await this.#settleWrites();
    await Promise.all(this.#reading);
    return reason.ok ? flushed : reason;
  }

  #receive(message: unknown): void {
    if (this.#stopped) return;
    if (!isRequestBatch(message)) {
      const what = `The client of ${this.#device.name} sent a message that is not a disk request`;
      return this.#stop(err('malformed', what));
    }
    for (const request of message) {
      if (request.op === 'close') void this.#sayGoodbye(request.id);
      else this.#track(this.#handle(request), isRead(request) ? this.#reading : this.#writing);
    }
  }

  #track(work: Promise<void>, among: Set<Promise<void>>): void {
    among.add(work);
    void work.finally(() => among.delete(work));
  }

  /** Waits for the writes in flight and makes them durable, once. */
  #settleWrites(): Promise<Result<void>> {
    this.#settled ??= Promise.all(this.#writing).then(() => this.#device.flush());
    return this.#settled;
  }

  /** Who says goodbye wants no answer to its reads, which may be waiting for a source that never answers. */
  async #sayGoodbye(id: number): Promise<void> {
    const flushed = await this.#settleWrites();
    this.#outbox.push(flushed.ok ? { id, ok: true } : { id, ok: false, failure: flushed.failure });
    this.#stop(DONE);
  }

  async #handle(request: Exclude<BlockRequest, { op: 'close' }>): Promise<void> {
    const result = await this.#perform(request);
    if (this.#stopped) return;
    const { id } = request;
    if (result.ok) this.#outbox.push({ id, ok: true, ...result.value }, result.value.data);
    else this.#outbox.push({ id, ok: false, failure: result.failure });
  }

  async #perform(request: Exclude<BlockRequest, { op: 'close' }>): Promise<Result<OwnedAnswer>> {
    const device = this.#device;
    switch (request.op) {
      case 'read': {
        const data = allocatePayload(request.length);
        const result = await device.read(request.offset, data);
        return result.ok ? ok({ data }) : result;
      }
      case 'extent-at': {
        const result = await device.extentAt(request.offset, request.length);
        return result.ok ? ok({ extent: result.value }) : result;
      }
      case 'write':
        return nothing(await device.write(request.offset, request.data));
      case 'write-zeroes':
        return nothing(await device.writeZeroes(request.offset, request.length));
      case 'discard':
        return nothing(await device.discard(request.offset, request.length));
      case 'flush':
        return nothing(await device.flush());
      default:
        return assertNever(request);
    }
  }
}

/** An answer whose payload nobody else uses. */
interface OwnedAnswer extends BlockAnswer {
  readonly data?: Uint8Array<ArrayBuffer> | undefined;
}

function isRead({ op }: BlockRequest): boolean {
  return op === 'read' || op === 'extent-at';
}

function nothing(result: Result<void>): Result<OwnedAnswer> {
  return result.ok ? ok({}) : result;
}
