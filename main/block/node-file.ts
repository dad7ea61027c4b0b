import fs from 'node:fs';
import { DONE, err, ok, type Result } from '../../shared/result.ts';
import { closedFailure, readOnlyFailure } from './bounds.ts';
import { failureFromSystem } from '../../shared/errno.ts';
import type { BlockFile } from './file.ts';
import { InFlight } from './in-flight.ts';
import { SystemFileHoles } from './sparse/file-holes.ts';

const { O_CREAT, O_EXCL, O_NONBLOCK, O_RDONLY, O_RDWR, O_TRUNC } = fs.constants;

/**
 * A file of the operating system. Reads and writes are synchronous calls: for what the page cache holds they cost a
 * tenth of a trip through the thread pool (ADR 2), so owners of hot disks run in worker threads. Syncs can take long
 * and go to the thread pool.
 */
export class NodeFile implements BlockFile {
  readonly path: string;
  readonly readOnly: boolean;
  readonly holes: SystemFileHoles;
  readonly #syncs = new InFlight();
  #fd: number | null;

  private constructor(path: string, fd: number, readOnly: boolean) {
    this.path = path;
    this.readOnly = readOnly;
    this.#fd = fd;
    this.holes = new SystemFileHoles(fd, readOnly);
  }

  /** Opens an existing file. Directories, devices, sockets and pipes are refused with `invalid-argument`. */
  static open(path: string, options: { readOnly: boolean }): Result<NodeFile> {
    return NodeFile.#open(path, options.readOnly ? O_RDONLY : O_RDWR, options.readOnly);
  }

  /** Creates a file, or empties an existing one unless `exclusive` is set (then `already-exists`). */
  static create(path: string, options: { exclusive?: boolean } = {}): Result<NodeFile> {
    return NodeFile.#open(path, O_RDWR | O_CREAT | (options.exclusive ? O_EXCL : O_TRUNC), false);
  }

  static #open(path: string, flags: number, readOnly: boolean): Result<NodeFile> {
    try {
      // Without O_NONBLOCK the opening of a pipe that nobody writes to would never return.
      const fd = fs.openSync(path, flags | O_NONBLOCK, 0o644);
      if (fs.fstatSync(fd).isFile()) return ok(new NodeFile(path, fd, readOnly));
      fs.closeSync(fd);
      return err('invalid-argument', `Could not open '${path}': it is not a regular file`);
    } catch (error) {
      return failureFromSystem(error, `Could not open '${path}'`);
    }
  }

  /** Whether `path` is a name of this very file, and not of another one that was put in its place. */
  isNamed(path: string): boolean {
    if (this.#fd === null) return false;
    const here = fs.fstatSync(this.#fd, { bigint: true });
    const there = fs.statSync(path, { bigint: true, throwIfNoEntry: false });
    return there?.ino === here.ino && there.dev === here.dev;
  }

  async read(position: number, target: Uint8Array): Promise<Result<number>> {
    const fd = this.#fd;
    if (fd === null) return this.#closed();
    let done = 0;
    try {
      while (done < target.length) {
        const count = fs.readSync(fd, target, done, target.length - done, position + done);
        if (count === 0) break;
        done += count;
      }
      return ok(done);
    } catch (error) {
      return failureFromSystem(error, `Could not read '${this.path}' at ${position}`);
    }
  }

  async write(position: number, data: Uint8Array): Promise<Result<void>> {
    const fd = this.#fd;
    if (fd === null) return this.#closed();
    if (this.readOnly) return readOnlyFailure({ name: this.path });
    this.holes.written(position, data.length);
    let done = 0;
    try {
      while (done < data.length) {
        done += fs.writeSync(fd, data, done, data.length - done, position + done);
      }
      return DONE;
    } catch (error) {
      return failureFromSystem(error, `Could not write '${this.path}' at ${position}`);
    }
  }

  async sync(): Promise<Result<void>> {
    const fd = this.#fd;
    if (fd === null) return this.#closed();
    const error = await this.#syncs.track(() => fdatasync(fd));
    return error === null ? DONE : failureFromSystem(error, `Could not sync '${this.path}'`);
  }

  async length(): Promise<Result<number>> {
    if (this.#fd === null) return this.#closed();
    try {
      return ok(fs.fstatSync(this.#fd).size);
    } catch (error) {
      return failureFromSystem(error, `Could not look up the size of '${this.path}'`);
    }
  }

  async setLength(length: number): Promise<Result<void>> {
    if (this.#fd === null) return this.#closed();
    if (this.readOnly) return readOnlyFailure({ name: this.path });
    try {
      fs.ftruncateSync(this.#fd, length);
      this.holes.resized();
      return DONE;
    } catch (error) {
      return failureFromSystem(error, `Could not resize '${this.path}' to ${length} bytes`);
    }
  }

  async close(): Promise<Result<void>> {
    if (this.#fd === null) return DONE;
    const fd = this.#fd;
    this.#fd = null;
    // The number of a closed file goes to the next one opened: what is under way would be about that.
    await Promise.all([this.#syncs.idle(), this.holes.close()]);
    try {
      fs.closeSync(fd);
      return DONE;
    } catch (error) {
      return failureFromSystem(error, `Could not close '${this.path}'`);
    }
  }

  #closed() {
    return closedFailure({ name: this.path });
  }
}

function fdatasync(fd: number): Promise<Error | null> {
  return new Promise((resolve) => {
    fs.fdatasync(fd, resolve);
  });
}
