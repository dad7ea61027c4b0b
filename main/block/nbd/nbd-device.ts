import type { Clock } from '../../../shared/clock.ts';
import { OneAtATime } from '../../../shared/one-at-a-time.ts';
import { DONE, err, ok, type Result } from '../../../shared/result.ts';
import { alignDown, alignUp } from '../../../shared/units.ts';
import { checkRange, closedFailure, readOnlyFailure } from '../bounds.ts';
import type { Extent } from '../device.ts';
import { checkConnections, DEFAULT_CONNECTIONS } from '../remote/connections.ts';
import type { SourceIdentity } from '../remote/source-identity.ts';
import { InFlight } from '../in-flight.ts';
import type { RemoteSource } from '../remote/remote-source.ts';
import { parseNbdAddress } from './address.ts';
import { AlignedExport } from './aligned-export.ts';
import { Connections } from './connections.ts';
import type { StatusWindow } from './status-window.ts';

export interface NbdDeviceOptions {
  readonly clock: Clock;
  /** False: writes too, where the server lets one. Default true. */
  readonly readOnly?: boolean | undefined;
  /** Most connections at once, see `remote/connections.ts`. One where the server does not keep several in step. */
  readonly connections?: number | undefined;
  /** Silence after which a server that owes an answer is given up, in milliseconds; 30 s unless given. */
  readonly noProgressTimeoutMs?: number | undefined;
  /** Certificates (PEM) to trust instead of the well-known ones. */
  readonly trustedCertificates?: string | undefined;
}

const DEFAULT_NO_PROGRESS_TIMEOUT_MS = 30_000;
/** Answers about the content of ranges that are kept. */
const MOST_WINDOWS = 8;

/**
 * Opens an export: `nbd://host:port/export`, `nbd+unix:///export?socket=path`, `nbds:` for TLS. Fails with
 * `invalid-argument`, `source-unreachable` (worth another try), `source-refused`, `unsupported`, `malformed`, or
 * `read-only` where it is to be written and the server does not let one. Requests fail with these, with
 * `source-changed` (open again to accept the change), or with what the server reports.
 */
export async function openNbdDevice(location: string, options: NbdDeviceOptions): Promise<Result<NbdDevice>> {
  const { clock, trustedCertificates, readOnly = true } = options;
  const { connections = DEFAULT_CONNECTIONS, noProgressTimeoutMs = DEFAULT_NO_PROGRESS_TIMEOUT_MS } = options;
  const counted = checkConnections(connections);
  if (!counted.ok) return counted;
  if (!(noProgressTimeoutMs > 0)) return err('invalid-argument', 'noProgressTimeoutMs must be positive');
  const target = parseNbdAddress(location);
  if (!target.ok) return target;
  const settings = { target: target.value, clock, noProgressTimeoutMs, trustedCertificates };
  const opened = await Connections.open(settings, connections);
  if (!opened.ok) return opened;
  const served = new AlignedExport(opened.value);
  const name = target.value.display;
  if (readOnly || !served.isReadOnly) return ok(new NbdDevice(name, served, readOnly));
  served.close();
  return err('read-only', `${name}: the server exports it read-only`);
}

/** An export of an NBD server as a block device. */
export class NbdDevice implements RemoteSource {
  readonly name: string;
  readonly lengthBytes: number;
  readonly readOnly: boolean;
  readonly remote = true;
  /** A server tells no more of an export than how long it is. */
  readonly identity: SourceIdentity;
  readonly #export: AlignedExport;
  readonly #requests = new InFlight();
  /** Newest first. None where the device is written. */
  #windows: StatusWindow[] = [];
  /** Writes of parts of blocks, one after the other: each reads what is around it. */
  readonly #partialWrites = new OneAtATime();
  #closing: Promise<Result<void>> | null = null;

  constructor(name: string, served: AlignedExport, readOnly: boolean) {
    this.name = name;
    this.readOnly = readOnly;
    this.#export = served;
    this.lengthBytes = served.lengthBytes;
    this.identity = { lengthBytes: served.lengthBytes, etag: null, lastModified: null };
  }

  async read(offset: number, target: Uint8Array): Promise<Result<void>> {
    const allowed = this.#checkRead(offset, target.length);
    if (!allowed.ok || target.length === 0) return allowed;
    return this.#requests.track(() => this.#read(offset, target));
  }

  async write(offset: number, data: Uint8Array): Promise<Result<void>> {
    const allowed = this.#checkWrite(offset, data.length);
    if (!allowed.ok || data.length === 0) return allowed;
    return this.#requests.track(() => this.#write(offset, data));
  }

  async writeZeroes(offset: number, length: number): Promise<Result<void>> {
    const allowed = this.#checkWrite(offset, length);
    if (!allowed.ok || length === 0) return allowed;
    return this.#requests.track(async () => {
      const { start, end } = this.#wholeBlocks(offset, length);
      if (start >= end) return this.#write(offset, new Uint8Array(length));
      const head = start > offset ? await this.#write(offset, new Uint8Array(start - offset)) : DONE;
      const tailBytes = offset + length - end;
      const tail = head.ok && tailBytes > 0 ? await this.#write(end, new Uint8Array(tailBytes)) : head;
      return tail.ok ? this.#export.zero(start, end - start) : tail;
    });
  }

  async discard(offset: number, length: number): Promise<Result<void>> {
    const allowed = this.#checkWrite(offset, length);
    if (!allowed.ok) return allowed;
    const { start, end } = this.#wholeBlocks(offset, length);
    return start >= end ? DONE : this.#requests.track(() => this.#export.trim(start, end - start));
  }

  async flush(): Promise<Result<void>> {
    if (this.#closing !== null) return closedFailure(this);
    return this.readOnly ? DONE : this.#requests.track(() => this.#export.flush());
  }

  async extentAt(offset: number, length: number): Promise<Result<Extent>> {
    const allowed = this.#checkRead(offset, length);
    if (!allowed.ok) return allowed;
    if (length <= 0) return err('invalid-argument', `${this.name}: the length to look at must be positive`);
    return this.#requests.track(() => this.#extentAt(offset, length));
  }

  /** What is under way fails with `closed`. */
  close(): Promise<Result<void>> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<Result<void>> {
    const flushed = this.readOnly ? DONE : await this.#export.flush();
    this.#export.close();
    await this.#requests.idle();
    return flushed;
  }

  /** What blocks hold beside the wanted bytes is read along. */
  async #read(offset: number, target: Uint8Array): Promise<Result<void>> {
    const around = this.#blocksAround(offset, target.length);
    if (around.length === target.length) return this.#export.read(offset, target);
    const bytes = Buffer.allocUnsafe(around.length);
    const read = await this.#export.read(around.offset, bytes);
    if (read.ok) bytes.copy(target, 0, offset - around.offset, offset - around.offset + target.length);
    return read;
  }

  #write(offset: number, data: Uint8Array): Promise<Result<void>> {
    const around = this.#blocksAround(offset, data.length);
    if (around.length === data.length) return this.#export.write(offset, data);
    return this.#partialWrites.run(async () => {
      const bytes = Buffer.allocUnsafe(around.length);
      const read = await this.#export.read(around.offset, bytes);
      if (!read.ok) return read;
      bytes.set(data, offset - around.offset);
      return this.#export.write(around.offset, bytes);
    });
  }

  async #extentAt(offset: number, length: number): Promise<Result<Extent>> {
    for (const window of this.#windows) {
      const known = window.at(offset);
      if (known !== null) return ok(extentOf(offset, Math.min(length, known.length), known.zero));
    }
    const start = alignDown(offset, this.#export.blockBytes);
    const asked = await this.#export.status(start, this.lengthBytes - start);
    if (!asked.ok) return asked;
    const known = asked.value?.at(offset) ?? null;
    if (asked.value !== null && this.readOnly)
      this.#windows = [asked.value, ...this.#windows].slice(0, MOST_WINDOWS);
    return ok(extentOf(offset, Math.min(length, known?.length ?? length), known?.zero ?? false));
  }

  #blocksAround(offset: number, length: number): { offset: number; length: number } {
    const { blockBytes } = this.#export;
    const start = alignDown(offset, blockBytes);
    return {
      offset: start,
      length: Math.min(alignUp(offset + length, blockBytes), this.lengthBytes) - start,
    };
  }

  #wholeBlocks(offset: number, length: number): { start: number; end: number } {
    const { blockBytes } = this.#export;
    return { start: alignUp(offset, blockBytes), end: alignDown(offset + length, blockBytes) };
  }

  #checkRead(offset: number, length: number): Result<void> {
    return this.#closing === null ? checkRange(this, offset, length) : closedFailure(this);
  }

  #checkWrite(offset: number, length: number): Result<void> {
    if (this.#closing !== null) return closedFailure(this);
    return this.readOnly ? readOnlyFailure(this) : this.#checkRead(offset, length);
  }
}

function extentOf(offset: number, length: number, zero: boolean): Extent {
  return zero ? { offset, length, kind: 'zero' } : { offset, length, kind: 'data', fileOffset: offset };
}
