import fs from 'node:fs';
import path from 'node:path';
import { failureFromSystem } from '../../../shared/errno.ts';
import { ok, type Result } from '../../../shared/result.ts';

/** A guest can make QEMU complain without end. */
const MOST_BYTES = 1 << 20;
const TAIL_LINES = 4;
const TAIL_BYTES = 4096;

/** What QEMU prints: begun anew at each start, up to a MiB in a file, the end of it at hand. */
export class LogFile {
  readonly path: string;
  #descriptor: number | null;
  #writtenBytes = 0;
  #tail = Buffer.alloc(0);

  static create(file: string): Result<LogFile> {
    try {
      fs.mkdirSync(path.dirname(file), { recursive: true });
      return ok(new LogFile(file, fs.openSync(file, 'w', 0o600)));
    } catch (error) {
      return failureFromSystem(error, `Could not begin the log '${file}'`);
    }
  }

  private constructor(file: string, descriptor: number) {
    this.path = file;
    this.#descriptor = descriptor;
  }

  append(bytes: Uint8Array): void {
    this.#tail = Buffer.concat([this.#tail, bytes]).subarray(-TAIL_BYTES);
    const kept = bytes.subarray(0, MOST_BYTES - this.#writtenBytes);
    if (kept.length === 0 || this.#descriptor === null) return;
    this.#writtenBytes += kept.length;
    try {
      fs.writeSync(this.#descriptor, kept);
    } catch {
      // A full disk must not end a machine for its log.
      this.#writtenBytes = MOST_BYTES;
    }
  }

  /** The last lines, in one. */
  get end(): string {
    const lines = this.#tail
      .toString()
      .split('\n')
      .map((line) => line.trim());
    return lines
      .filter((line) => line !== '')
      .slice(-TAIL_LINES)
      .join(' | ');
  }

  /** What comes later is not written: the number of a closed file goes to the next one opened. */
  close(): void {
    if (this.#descriptor !== null) fs.closeSync(this.#descriptor);
    this.#descriptor = null;
  }
}
