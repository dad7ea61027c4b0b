import { err, type Err } from '../../shared/result.ts';
import type { FileOperation } from './memory-file.ts';

/** As file systems have them. */
const BLOCK_BYTES = 4096;

/**
 * The disk that a file in memory lies on, which runs full: a write that needs blocks the file does not have fails once
 * there are no more. What has its blocks can be overwritten; holes have none.
 */
export class DiskSpace {
  readonly #blocks = new Set<number>();
  #freeBlocks: number;
  /** Writes that found no room. */
  refused = 0;

  constructor(freeBytes: number) {
    this.#freeBlocks = Math.floor(freeBytes / BLOCK_BYTES);
  }

  /** For the option `before` of a `MemoryFile`. */
  readonly refuses = (operation: FileOperation): Err | null => {
    if (operation.kind === 'set-length') this.#cut(Math.ceil(operation.length / BLOCK_BYTES));
    if (operation.kind !== 'write' || this.#fits(operation.position, operation.data.length)) return null;
    this.refused++;
    return err('no-space', 'No space left on device', { errno: 'ENOSPC' });
  };

  /** What the file has blocks for already: all of it. */
  holds(fileBytes: number): void {
    for (let block = 0; block * BLOCK_BYTES < fileBytes; block++) this.#blocks.add(block);
  }

  /** Somebody has tidied up. */
  add(bytes: number): void {
    this.#freeBlocks += Math.floor(bytes / BLOCK_BYTES);
  }

  /** As many blocks as there are are taken, also when they are not enough. */
  #fits(position: number, length: number): boolean {
    if (length === 0) return true;
    for (let block = Math.floor(position / BLOCK_BYTES); block * BLOCK_BYTES < position + length; block++) {
      if (this.#blocks.has(block)) continue;
      if (this.#freeBlocks === 0) return false;
      this.#freeBlocks--;
      this.#blocks.add(block);
    }
    return true;
  }

  #cut(blocks: number): void {
    for (const block of this.#blocks) {
      if (block < blocks) continue;
      this.#blocks.delete(block);
      this.#freeBlocks++;
    }
  }
}
