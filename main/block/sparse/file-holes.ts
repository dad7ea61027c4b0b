import type { FileHoles, FileRun } from '../file.ts';
import { rangeEnd, type Range } from '../range.ts';
import { storedRanges, versionOf } from './stored-ranges.ts';
import { WrittenBlocks } from './written-blocks.ts';

interface Answer {
  /** Null: nobody tells. */
  readonly stored: readonly Range[] | null;
  /** What the file looked like when it was asked about. */
  readonly version: string | null;
}

/**
 * The holes of a file that is open here. The system is asked when somebody first wants to know, and again when somebody
 * else has changed the file. Where this program writes it nobody else does (ADR 4): the answer stays, and what is
 * written is taken out of it.
 */
export class SystemFileHoles implements FileHoles {
  readonly #fd: number;
  readonly #readOnly: boolean;
  readonly #written = new WrittenBlocks();
  #asked: Promise<Answer> | null = null;
  #closed = false;

  constructor(fd: number, readOnly: boolean) {
    this.#fd = fd;
    this.#readOnly = readOnly;
  }

  async runAt(offset: number, length: number): Promise<FileRun> {
    const stored = await this.#stored();
    if (stored === null) return { hole: false, length };
    const next = stored[firstEndingAfter(stored, offset)];
    if (next !== undefined && next.offset <= offset) {
      return { hole: false, length: Math.min(length, rangeEnd(next) - offset) };
    }
    const since = this.#written.at(offset, Math.min(offset + length, next?.offset ?? Infinity));
    return { hole: !since.written, length: since.length };
  }

  async areKnown(): Promise<boolean> {
    return (await this.#stored()) !== null;
  }

  /** The file is about to be written there. */
  written(offset: number, length: number): void {
    // What is written before anybody asks, the system knows.
    if (this.#asked !== null) this.#written.add(offset, length);
  }

  /** The file has another length. */
  resized(): void {
    this.#asked = null;
    this.#written.clear();
  }

  /** Resolves when the descriptor is not needed any more. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#asked;
  }

  async #stored(): Promise<readonly Range[] | null> {
    this.#asked ??= this.#ask();
    const asked = this.#asked;
    const answer = await asked;
    if (!this.#readOnly || this.#isOf(answer)) return answer.stored;
    if (this.#asked === asked) this.#asked = this.#ask();
    const again = await this.#asked;
    // A file that changes while it is looked at: that all of it is stored is never wrong.
    return this.#isOf(again) ? again.stored : null;
  }

  #isOf({ version }: Answer): boolean {
    return version !== null && version === versionOf(this.#fd);
  }

  async #ask(): Promise<Answer> {
    // The descriptor may be another file's by now.
    if (this.#closed) return { version: null, stored: null };
    const version = versionOf(this.#fd);
    return { version, stored: await storedRanges(this.#fd) };
  }
}

/** The index of the first range that reaches beyond `offset`. */
function firstEndingAfter(ranges: readonly Range[], offset: number): number {
  let [low, high] = [0, ranges.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const range = ranges[middle];
    if (range !== undefined && rangeEnd(range) <= offset) low = middle + 1;
    else high = middle;
  }
  return low;
}
