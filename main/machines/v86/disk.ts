import type { Clock } from '../../../shared/clock.ts';
import { DONE, err, type Failure, type Result } from '../../../shared/result.ts';
import { SECTOR_BYTES, TIB, isAligned } from '../../../shared/units.ts';
import { rangeEnd, type Range } from '../../block/range.ts';
import type { BlockPortClient } from '../../storage/block-port/client.ts';
import type { V86Drive } from './drive.ts';
import type { Durability } from './durability.ts';
import type { Retry } from './retry.ts';
import type { StallWatch, Watch } from './stall.ts';

/** What the drive needs of a disk. */
export type DriveDevice = Pick<
  BlockPortClient,
  'name' | 'lengthBytes' | 'readOnly' | 'readOwned' | 'write' | 'flush'
>;

export interface DriveHelpers {
  readonly stall: StallWatch;
  readonly retry: Retry;
  readonly durability: Durability;
  /** The disk is gone for good: the machine cannot go on. */
  readonly onLost: (failure: Failure) => void;
}

/** Counters since the start. */
export interface DriveCounters {
  readRequests: number;
  readBytes: number;
  writeRequests: number;
  writtenBytes: number;
}

interface Read {
  readonly watch: Watch;
  givenUp: boolean;
}

interface Write extends Range {
  readonly stored: Promise<void>;
  failure: Failure | undefined;
}

/** v86 counts sectors in 32 bits. */
const MAX_DRIVE_BYTES = 2 * TIB;

/** Refuses disks that v86 cannot present to a guest. */
export function checkDrive(device: DriveDevice): Result<void> {
  const { name, lengthBytes } = device;
  if (device.readOnly) return err('read-only', `${name} is read-only; a machine needs a disk it can write`);
  if (lengthBytes === 0 || !isAligned(lengthBytes, SECTOR_BYTES)) {
    return err('unsupported', `${name} has ${lengthBytes} bytes; a machine needs a whole number of sectors`);
  }
  if (lengthBytes > MAX_DRIVE_BYTES) {
    return err(
      'unsupported',
      `${name} has ${lengthBytes} bytes; this kind of machine can use 2 TiB at most`,
      { words: ['disk-too-large'] },
    );
  }
  return DONE;
}

/**
 * The guest's hard disk: v86's drive over a disk that may be slow, far away or failing.
 *
 * v86 cannot be told of a failure, so none reaches the guest: reads are tried again without end, failed writes are
 * kept and wait for the user, and the guest stands still meanwhile. A request waits for the writes before it that
 * touch the same bytes: v86 acknowledges PIO writes before it makes them.
 */
export class GuestDrive implements V86Drive {
  readonly byteLength: number;
  onload?: ((event: object) => void) | undefined;
  readonly counters: DriveCounters = { readRequests: 0, readBytes: 0, writeRequests: 0, writtenBytes: 0 };
  readonly #device: DriveDevice;
  readonly #helpers: DriveHelpers;
  readonly #writes = new Set<Write>();
  #writesChanged: (() => void)[] = [];
  readonly #reads = new Set<Read>();
  readonly #readsEnded: (() => void)[] = [];
  #firstSector: Uint8Array | undefined;

  constructor(device: DriveDevice, helpers: DriveHelpers) {
    this.byteLength = device.lengthBytes;
    this.#device = device;
    this.#helpers = helpers;
  }

  load(): void {
    this.onload?.({});
  }

  get(
    start: number,
    length: number,
    done: (data: Uint8Array) => void,
    options: { readonly signal?: AbortSignal } = {},
  ): void {
    this.counters.readRequests += 1;
    this.counters.readBytes += length;
    const range = { offset: start, length };
    const watch = this.#helpers.stall.begin({ operation: 'read', ...range, retries: 'by-itself' });
    const read: Read = { watch, givenUp: false };
    this.#reads.add(read);
    options.signal?.addEventListener('abort', () => this.#giveUp(read), { once: true });
    void this.#read(read, range, done);
  }

  get_and_cache(start: number, length: number, done: (data: Uint8Array) => void): void {
    this.get(start, length, (data) => {
      if (start === 0) this.#firstSector = data.slice(0, SECTOR_BYTES);
      done(data);
    });
  }

  get_from_cache(start: number, length: number): Uint8Array | undefined {
    return start === 0 && length <= SECTOR_BYTES ? this.#firstSector?.subarray(0, length) : undefined;
  }

  set(start: number, data: Uint8Array, done: () => void): void {
    this.counters.writeRequests += 1;
    this.counters.writtenBytes += data.length;
    void this.#write(start, data.slice(), done);
  }

  /** The disk's content is no part of a saved machine state; its size tells whether the state belongs to it. */
  get_state(): unknown[] {
    return [this.byteLength];
  }

  set_state(): void {
    // Nothing to take over: the disk is opened beside the state.
  }

  get_buffer(done: (buffer: undefined) => void): void {
    done(undefined);
  }

  /** Waits until no read is in flight, for `withinMs` at most. */
  async settleReads(clock: Clock, withinMs: number): Promise<void> {
    if (this.#reads.size === 0) return;
    await new Promise<void>((resolve) => {
      const cancel = clock.after(withinMs, resolve);
      this.#readsEnded.push(() => {
        cancel();
        resolve();
      });
    });
  }

  /** Forgets reads in flight: their callbacks are never called. For a reset and for the end. */
  abandonReads(): void {
    for (const read of this.#reads) this.#giveUp(read);
  }

  /** Waits until every write made so far is stored. Fails, and keeps the write, when one cannot be stored now. */
  async settleWrites(): Promise<Result<void>> {
    for (const write of this.#writes) write.failure = undefined;
    this.#helpers.retry.kick();
    while (this.#writes.size > 0) {
      for (const { failure } of this.#writes) if (failure) return { ok: false, failure };
      await new Promise<void>((resolve) => this.#writesChanged.push(resolve));
    }
    return DONE;
  }

  /** The guest's own flush: resolves when everything it has written is durable, however long that takes. */
  async flush(): Promise<void> {
    const { stall, retry, durability } = this.#helpers;
    const watch = stall.begin({ operation: 'flush', offset: 0, length: 0, retries: 'on-resume' });
    await Promise.all([...this.#writes].map((write) => write.stored));
    for (;;) {
      const result = await durability.flush();
      if (result.ok) {
        watch.end();
        return;
      }
      watch.failed(result.failure);
      await retry.kicked();
    }
  }

  async #read(read: Read, range: Range, done: (data: Uint8Array) => void): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      await this.#storedBefore(range);
      const result = await this.#device.readOwned(range.offset, range.length);
      if (read.givenUp) return;
      if (result.ok) {
        done(result.value);
        this.#giveUp(read);
        return;
      }
      read.watch.failed(result.failure);
      if (result.failure.code === 'closed') {
        this.#helpers.onLost(result.failure);
        return;
      }
      await this.#helpers.retry.pause(attempt);
    }
  }

  /** The guest waits for this read no longer: nothing must hold it up any more. */
  #giveUp(read: Read): void {
    read.givenUp = true;
    this.#reads.delete(read);
    read.watch.end();
    if (this.#reads.size === 0) for (const tell of this.#readsEnded.splice(0)) tell();
  }

  async #write(offset: number, data: Uint8Array, done: () => void): Promise<void> {
    const range = { offset, length: data.length };
    const earlier = this.#storedBefore(range);
    let markStored: () => void = () => undefined;
    const write: Write = {
      ...range,
      stored: new Promise<void>((resolve) => (markStored = resolve)),
      failure: undefined,
    };
    this.#writes.add(write);
    const watch = this.#helpers.stall.begin({ operation: 'write', ...range, retries: 'on-resume' });
    await earlier;
    while (!(await this.#store(write, data, watch))) await this.#helpers.retry.kicked();
    this.#writes.delete(write);
    this.#helpers.durability.written();
    markStored();
    this.#announce();
    done();
    watch.end();
  }

  async #store(write: Write, data: Uint8Array, watch: Watch): Promise<boolean> {
    const result = await this.#device.write(write.offset, data);
    if (result.ok) return true;
    write.failure = result.failure;
    watch.failed(result.failure);
    this.#announce();
    if (result.failure.code === 'closed') this.#helpers.onLost(result.failure);
    return false;
  }

  #announce(): void {
    for (const resolve of this.#writesChanged.splice(0)) resolve();
  }

  /** Waits for the unfinished writes that touch `range`. */
  async #storedBefore(range: Range): Promise<void> {
    for (const write of [...this.#writes]) {
      if (write.offset < rangeEnd(range) && range.offset < rangeEnd(write)) await write.stored;
    }
  }
}
