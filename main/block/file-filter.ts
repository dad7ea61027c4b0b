import type { Result } from '../../shared/result.ts';
import type { BlockFile, FileHoles } from './file.ts';

/** A file before another one, to which everything goes that a subclass does not do otherwise. */
export abstract class FileFilter implements BlockFile {
  readonly path: string;
  readonly readOnly: boolean;
  readonly #file: BlockFile;

  constructor(file: BlockFile) {
    this.#file = file;
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

  close(): Promise<Result<void>> {
    return this.#file.close();
  }
}
