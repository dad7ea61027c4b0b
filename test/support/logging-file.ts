import { err, type Err } from '../../shared/result.ts';
import type { FileOperation, MemoryFileOptions } from './memory-file.ts';

/**
 * Writes down what happens to an image file in the words of the format: `data@81920`, `L2`, `L1`, `header`, `sync`.
 * Each operation can be made to fail, or to wait, by its name.
 */
export class ImageLog {
  readonly entries: string[] = [];
  /** Names of operations that fail, each once. */
  readonly failing: string[] = [];
  readonly #held = new Map<string, Promise<void>>();
  readonly #nameOf: (position: number) => string;

  /** @param nameOf what lies at a position of the file; `data` where it returns nothing */
  constructor(nameOf: (position: number) => string | undefined) {
    this.#nameOf = (position) => nameOf(position) ?? 'data';
  }

  readonly options: MemoryFileOptions = {
    before: (operation) => this.#before(operation),
  };

  /** Operations of this name wait until the returned function is called. */
  hold(name: string): () => void {
    let release = () => {};
    this.#held.set(
      name,
      new Promise((resolve) => {
        release = () => {
          this.#held.delete(name);
          resolve();
        };
      }),
    );
    return () => release();
  }

  /** What was logged since the last call. */
  take(): string[] {
    return this.entries.splice(0);
  }

  async #before(operation: FileOperation): Promise<Err | null> {
    const name = this.#describe(operation);
    if (name === null) return null;
    this.entries.push(name);
    await this.#held.get(name);
    const fault = this.failing.indexOf(name);
    if (fault < 0) return null;
    this.failing.splice(fault, 1);
    return err('io', `injected: ${name}`);
  }

  #describe(operation: FileOperation): string | null {
    switch (operation.kind) {
      case 'read':
        return null;
      case 'write':
        return this.#nameOf(operation.position);
      case 'set-length':
        return `length ${operation.length}`;
      case 'sync':
        return 'sync';
    }
  }
}
