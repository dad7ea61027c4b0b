import type { MessagePort } from 'node:worker_threads';
import { DONE, err, ok, type Err, type Result } from '../../../shared/result.ts';
import { checkRange } from '../../block/bounds.ts';
import type { BlockDevice, Extent } from '../../block/device.ts';
import { Outbox, allocatePayload } from './outbox.ts';
import {
  MAX_PAYLOAD_BYTES,
  isHello,
  isReplyBatch,
  type BlockAnswer,
  type BlockHello,
  type BlockOperation,
  type BlockRequest,
} from './protocol.ts';

type Waiter = (result: Result<BlockAnswer>) => void;

/**
 * A disk that lives in another thread, behind the other end of a port served by `serveBlockDevice`. When that end
 * goes away, everything outstanding and everything later fails with `closed`.
 *
 * {@link close} flushes and ends the connection; the device itself stays open in its own thread.
 */
export class BlockPortClient implements BlockDevice {
  readonly name: string;
  readonly lengthBytes: number;
  readonly readOnly: boolean;
  readonly remote: boolean;
  /** Resolves when the connection is over, for whatever reason. */
  readonly disconnected: Promise<void>;
  readonly #port: MessagePort;
  readonly #outbox: Outbox<BlockRequest>;
  readonly #waiting = new Map<number, Waiter>();
  #nextId = 0;
  #lost: Err | null = null;
  #closing: Promise<Result<void>> | null = null;

  /** Waits for the server's first message. Fails with `closed` when the other end goes away before, or `malformed`. */
  static connect(port: MessagePort): Promise<Result<BlockPortClient>> {
    return new Promise((resolve) => {
      const settle = (result: Result<BlockPortClient>) => {
        port.off('message', greeted).off('close', refused);
        if (!result.ok) port.close();
        resolve(result);
      };
      const greeted = (message: unknown) =>
        settle(isHello(message) ? ok(new BlockPortClient(port, message)) : NOT_A_DISK);
      const refused = () => settle(err('closed', 'The disk was closed before it could be opened'));
      port.on('message', greeted).on('close', refused);
    });
  }

  private constructor(port: MessagePort, hello: BlockHello) {
    this.name = hello.name;
    this.lengthBytes = hello.lengthBytes;
    this.readOnly = hello.readOnly;
    this.remote = hello.remote;
    this.#port = port;
    this.#outbox = new Outbox(port);
    port.on('message', (message: unknown) => this.#receive(message));
    this.disconnected = new Promise((resolve) => {
      port.on('close', () => {
        this.#disconnect(err('closed', `The connection to ${this.name} was closed`));
        resolve();
      });
    });
  }

  async read(offset: number, target: Uint8Array): Promise<Result<void>> {
    const inside = checkRange(this, offset, target.length);
    if (!inside.ok) return inside;
    for (const piece of pieces(target.length)) {
      const result = await this.#readPiece(offset + piece.start, piece.length);
      if (!result.ok) return result;
      target.set(result.value, piece.start);
    }
    return DONE;
  }

  /** Reads into a buffer that becomes the caller's: saves a copy over {@link read}. */
  async readOwned(offset: number, length: number): Promise<Result<Uint8Array>> {
    if (length <= MAX_PAYLOAD_BYTES) return this.#readPiece(offset, length);
    const target = new Uint8Array(length);
    const result = await this.read(offset, target);
    return result.ok ? ok(target) : result;
  }

  async #readPiece(offset: number, length: number): Promise<Result<Uint8Array>> {
    const result = await this.#ask({ op: 'read', offset, length });
    if (!result.ok) return result;
    const { data } = result.value;
    if (data?.length !== length) {
      return err('malformed', `${this.name} answered a read of ${length} bytes with ${data?.length ?? 0}`);
    }
    return ok(data);
  }

  async write(offset: number, data: Uint8Array): Promise<Result<void>> {
    // Checked as a whole, so that no first piece is stored of a write that must fail.
    const inside = checkRange(this, offset, data.length);
    if (!inside.ok) return inside;
    for (const piece of pieces(data.length)) {
      const copy = allocatePayload(piece.length);
      copy.set(data.subarray(piece.start, piece.start + piece.length));
      const result = await this.#ask({ op: 'write', offset: offset + piece.start, data: copy }, copy);
      if (!result.ok) return result;
    }
    return DONE;
  }

  async writeZeroes(offset: number, length: number): Promise<Result<void>> {
    const inside = checkRange(this, offset, length);
    return inside.ok ? done(await this.#ask({ op: 'write-zeroes', offset, length })) : inside;
  }

  async discard(offset: number, length: number): Promise<Result<void>> {
    const inside = checkRange(this, offset, length);
    return inside.ok ? done(await this.#ask({ op: 'discard', offset, length })) : inside;
  }

  async flush(): Promise<Result<void>> {
    return done(await this.#ask({ op: 'flush' }));
  }

  async extentAt(offset: number, length: number): Promise<Result<Extent>> {
    const inside = checkRange(this, offset, length);
    const result = inside.ok ? await this.#ask({ op: 'extent-at', offset, length }) : inside;
    if (!result.ok) return result;
    return result.value.extent ? ok(result.value.extent) : err('malformed', `${this.name} sent no extent`);
  }

  close(): Promise<Result<void>> {
    this.#closing ??= this.#ask({ op: 'close' }).then((result) => {
      this.#disconnect(err('closed', `${this.name} is closed`));
      return done(result);
    });
    return this.#closing;
  }

  #ask(operation: BlockOperation, payload?: Uint8Array<ArrayBuffer>): Promise<Result<BlockAnswer>> {
    if (this.#lost) return Promise.resolve(this.#lost);
    if (this.#closing) return Promise.resolve(err('closed', `${this.name} is being closed`));
    const id = this.#nextId++;
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      this.#outbox.push({ ...operation, id }, payload);
    });
  }

  #receive(message: unknown): void {
    if (!isReplyBatch(message)) {
      return this.#disconnect(err('malformed', `${this.name} sent a message that is not a disk reply`));
    }
    for (const reply of message) {
      const waiter = this.#waiting.get(reply.id);
      this.#waiting.delete(reply.id);
      waiter?.(reply.ok ? ok(reply) : { ok: false, failure: reply.failure });
    }
  }

  #disconnect(reason: Err): void {
    if (this.#lost) return;
    this.#lost = reason;
    this.#port.close();
    const waiters = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const waiter of waiters) waiter(reason);
  }
}

const NOT_A_DISK = err('malformed', 'The other end of the port does not speak the disk protocol');

function done(result: Result<BlockAnswer>): Result<void> {
  return result.ok ? DONE : result;
}

function* pieces(length: number): Generator<{ start: number; length: number }> {
  if (length === 0) yield { start: 0, length: 0 };
  for (let start = 0; start < length; start += MAX_PAYLOAD_BYTES) {
    yield { start, length: Math.min(MAX_PAYLOAD_BYTES, length - start) };
  }
}
