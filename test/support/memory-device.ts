import { DONE, ok, type Result } from '../../shared/result.ts';
import { alignDown } from '../../shared/units.ts';
import { checkRange, closedFailure, readOnlyFailure } from '../../main/block/bounds.ts';
import type { BlockDevice, Extent } from '../../main/block/device.ts';
import { isZero } from '../../main/block/zeroes.ts';

const PAGE_BYTES = 64 * 1024;

export interface MemoryDeviceOptions {
  readonly name?: string;
  readonly readOnly?: boolean;
}

/** A disk in memory, gone with the process. It takes memory only where it was written with other than zeroes. */
export class MemoryDevice implements BlockDevice {
  readonly remote = false;
  readonly name: string;
  readonly readOnly: boolean;
  #lengthBytes: number;
  readonly #pages = new Map<number, Uint8Array>();
  #closed = false;

  constructor(lengthBytes: number, options: MemoryDeviceOptions = {}) {
    this.#lengthBytes = lengthBytes;
    this.name = options.name ?? 'memory';
    this.readOnly = options.readOnly ?? false;
  }

  /** A disk with a copy of `bytes` as its content. */
  static of(bytes: Uint8Array, options: MemoryDeviceOptions = {}): MemoryDevice {
    const device = new MemoryDevice(bytes.length, options);
    device.#store(0, bytes);
    return device;
  }

  get lengthBytes(): number {
    return this.#lengthBytes;
  }

  async read(offset: number, target: Uint8Array): Promise<Result<void>> {
    const allowed = this.#checkRead(offset, target.length);
    if (!allowed.ok) return allowed;
    forEachPage(offset, target.length, (page, within, done, length) => {
      const content = this.#pages.get(page);
      if (content === undefined) target.fill(0, done, done + length);
      else target.set(content.subarray(within, within + length), done);
    });
    return DONE;
  }

  async write(offset: number, data: Uint8Array): Promise<Result<void>> {
    const allowed = this.#checkWrite(offset, data.length);
    if (allowed.ok) this.#store(offset, data);
    return allowed;
  }

  async writeZeroes(offset: number, length: number): Promise<Result<void>> {
    const allowed = this.#checkWrite(offset, length);
    if (allowed.ok) this.#clear(offset, length);
    return allowed;
  }

  async discard(offset: number, length: number): Promise<Result<void>> {
    return this.writeZeroes(offset, length);
  }

  async flush(): Promise<Result<void>> {
    return this.#closed ? closedFailure(this) : DONE;
  }

  async extentAt(offset: number, length: number): Promise<Result<Extent>> {
    const allowed = this.#checkRead(offset, length);
    if (!allowed.ok) return allowed;
    const page = Math.floor(offset / PAGE_BYTES);
    const stored = this.#pages.has(page);
    const end = (stored ? this.#endOfStored(page) : this.#nextStored(page)) * PAGE_BYTES;
    const reach = Math.min(length, end - offset);
    return ok({ offset, length: reach, kind: stored ? 'data' : 'zero' });
  }

  /** Grows or cuts the disk to `lengthBytes`; what is added reads as zeroes. */
  async resize(lengthBytes: number): Promise<Result<void>> {
    const allowed = this.#checkWrite(0, 0);
    if (!allowed.ok) return allowed;
    if (lengthBytes < this.#lengthBytes) this.#clear(lengthBytes, this.#lengthBytes - lengthBytes);
    this.#lengthBytes = lengthBytes;
    return DONE;
  }

  async close(): Promise<Result<void>> {
    this.#closed = true;
    this.#pages.clear();
    return DONE;
  }

  #endOfStored(page: number): number {
    let end = page + 1;
    while (this.#pages.has(end)) end++;
    return end;
  }

  /** Looks through the pages there are: a huge disk has few of them. */
  #nextStored(page: number): number {
    let next = Infinity;
    for (const stored of this.#pages.keys()) if (stored > page && stored < next) next = stored;
    return next;
  }

  #store(offset: number, data: Uint8Array): void {
    forEachPage(offset, data.length, (page, within, done, length) => {
      const piece = data.subarray(done, done + length);
      const content = this.#pages.get(page) ?? (isZero(piece) ? null : this.#addPage(page));
      content?.set(piece, within);
    });
  }

  #addPage(page: number): Uint8Array {
    const content = new Uint8Array(PAGE_BYTES);
    this.#pages.set(page, content);
    return content;
  }

  #clear(offset: number, length: number): void {
    const end = offset + length;
    const lastPage = Math.floor(end / PAGE_BYTES);
    for (const [page, content] of this.#pages) {
      const start = page * PAGE_BYTES;
      if (page > lastPage || start + PAGE_BYTES <= offset) continue;
      if (start >= offset && start + PAGE_BYTES <= end) this.#pages.delete(page);
      else content.fill(0, Math.max(0, offset - start), Math.min(PAGE_BYTES, end - start));
    }
  }

  #checkRead(offset: number, length: number): Result<void> {
    return this.#closed ? closedFailure(this) : checkRange(this, offset, length);
  }

  #checkWrite(offset: number, length: number): Result<void> {
    return this.readOnly ? readOnlyFailure(this) : this.#checkRead(offset, length);
  }
}

/** Cuts a range at page borders: page number, place in the page, place in the range, length of the piece. */
function forEachPage(
  offset: number,
  length: number,
  visit: (page: number, within: number, done: number, length: number) => void,
): void {
  for (let done = 0; done < length;) {
    const position = offset + done;
    const within = position - alignDown(position, PAGE_BYTES);
    const piece = Math.min(length - done, PAGE_BYTES - within);
    visit(Math.floor(position / PAGE_BYTES), within, done, piece);
    done += piece;
  }
}
