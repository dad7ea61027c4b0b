import { DONE, err, ok, type Result } from '../../shared/result.ts';
import { checkRange, closedFailure, readOnlyFailure } from './bounds.ts';
import type { BlockDevice, Extent } from './device.ts';
import type { BlockFile } from './file.ts';
import { ZEROES } from './zeroes.ts';

/** A raw image: the bytes of a file are the bytes of the disk. */
export class RawDevice implements BlockDevice {
  readonly remote = false;
  readonly name: string;
  readonly readOnly: boolean;
  readonly #file: BlockFile;
  #lengthBytes: number;
  #closing: Promise<Result<void>> | null = null;

  private constructor(file: BlockFile, lengthBytes: number) {
    this.#file = file;
    this.#lengthBytes = lengthBytes;
    this.name = file.path;
    this.readOnly = file.readOnly;
  }

  static async open(file: BlockFile): Promise<Result<RawDevice>> {
    const length = await file.length();
    return length.ok ? ok(new RawDevice(file, length.value)) : length;
  }

  get lengthBytes(): number {
    return this.#lengthBytes;
  }

  async read(offset: number, target: Uint8Array): Promise<Result<void>> {
    const allowed = this.#checkRead(offset, target.length);
    if (!allowed.ok) return allowed;
    const count = await this.#file.read(offset, target);
    if (!count.ok) return count;
    if (count.value < target.length) {
      return err('io', `'${this.name}' ends at ${offset + count.value}: it was cut while it was open`);
    }
    return DONE;
  }

  async write(offset: number, data: Uint8Array): Promise<Result<void>> {
    const allowed = this.#checkWrite(offset, data.length);
    return allowed.ok ? this.#file.write(offset, data) : allowed;
  }

  async writeZeroes(offset: number, length: number): Promise<Result<void>> {
    const allowed = this.#checkWrite(offset, length);
    if (!allowed.ok) return allowed;
    const end = offset + length;
    for (let at = offset; at < end;) {
      const run = await this.#file.holes?.runAt(at, end - at);
      const reach = at + (run?.length ?? length);
      // What is a hole is zero already, and stays a hole.
      for (; at < reach && run?.hole !== true; at += ZEROES.length) {
        const written = await this.#file.write(at, ZEROES.subarray(0, Math.min(ZEROES.length, reach - at)));
        if (!written.ok) return written;
      }
      at = reach;
    }
    return DONE;
  }

  async discard(offset: number, length: number): Promise<Result<void>> {
    return this.#checkWrite(offset, length);
  }

  async flush(): Promise<Result<void>> {
    if (this.#closing !== null) return closedFailure(this);
    return this.readOnly ? DONE : this.#file.sync();
  }

  async extentAt(offset: number, length: number): Promise<Result<Extent>> {
    const allowed = this.#checkRead(offset, length);
    if (!allowed.ok) return allowed;
    const run = await this.#file.holes?.runAt(offset, length);
    const reach = run?.length ?? length;
    if (run?.hole === true) return ok({ offset, length: reach, kind: 'zero' });
    return ok({ offset, length: reach, kind: 'data', fileOffset: offset });
  }

  /** Whether the system tells where the file has holes: otherwise all of it is said to hold data. */
  async knowsHoles(): Promise<boolean> {
    return (await this.#file.holes?.areKnown()) === true;
  }

  /** Grows or cuts the image to `lengthBytes`. */
  async resize(lengthBytes: number): Promise<Result<void>> {
    const allowed = this.#checkWrite(0, 0);
    if (!allowed.ok) return allowed;
    const resized = await this.#file.setLength(lengthBytes);
    if (resized.ok) this.#lengthBytes = lengthBytes;
    return resized;
  }

  close(): Promise<Result<void>> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<Result<void>> {
    const synced = this.readOnly ? DONE : await this.#file.sync();
    const closed = await this.#file.close();
    return synced.ok ? closed : synced;
  }

  #checkRead(offset: number, length: number): Result<void> {
    return this.#closing === null ? checkRange(this, offset, length) : closedFailure(this);
  }

  #checkWrite(offset: number, length: number): Result<void> {
    return this.readOnly ? readOnlyFailure(this) : this.#checkRead(offset, length);
  }
}
