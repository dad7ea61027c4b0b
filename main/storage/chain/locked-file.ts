import type { Result } from '../../../shared/result.ts';
import type { BlockFile, FileHoles } from '../../block/file.ts';

/** A file that gives its lock back when it is closed. */
export class LockedFile implements BlockFile {
  readonly path: string;
  readonly readOnly: boolean;
  readonly #file: BlockFile;
  readonly #unlock: () => void;

  constructor(file: BlockFile, unlock: () => void) {
    this.#file = file;
    this.#unlock = unlock;
    this.path = file.path;
    this.readOnly = file.readOnly;
  }

  get holes(): FileHoles | undefined {
    return this.#file.holes;
  }

  read(position: number, target: Uint8Array): Promise<Result<number>> {
    return this.#file.read(position, target);
  }

  write(position: number, data: Uint8Array): Promise<Result<void>> {
    return this.#file.write(position, data);
  }

  sync(): Promise<Result<void>> {
    return this.#file.sync();
  }

  length(): Promise<Result<number>> {
    return this.#file.length();
  }

  setLength(length: number): Promise<Result<void>> {
    return this.#file.setLength(length);
  }

  async close(): Promise<Result<void>> {
    const closed = await this.#file.close();
    this.#unlock();
    return closed;
  }
}
