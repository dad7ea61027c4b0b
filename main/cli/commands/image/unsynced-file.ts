import { DONE, type Result } from '../../../../shared/result.ts';
import type { BlockFile, FileHoles } from '../../../block/file.ts';

/** A file whose syncs do nothing: what `-t unsafe` asks for, and what `convert` does unless told otherwise. */
export class UnsyncedFile implements BlockFile {
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

  async sync(): Promise<Result<void>> {
    return DONE;
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
