import { DONE, type Err, type Result } from '../../shared/result.ts';
import type { BlockFile } from '../../main/block/file.ts';
import type { FileOperation } from './memory-file.ts';

/** Runs before an operation takes effect; what it returns makes the operation fail. */
export type FileWatch = (operation: FileOperation) => Promise<Err | null> | Err | null;

/**
 * A file whose operations can be seen, held up and made to fail. It does not sync: that takes real time, which a test
 * under a simulated clock does not have, and no such test cuts the power of a real disk.
 */
export class WatchedFile implements BlockFile {
  readonly path: string;
  readonly readOnly: boolean;
  readonly #file: BlockFile;
  readonly #watch: FileWatch;

  constructor(file: BlockFile, watch: FileWatch) {
    this.#file = file;
    this.#watch = watch;
    this.path = file.path;
    this.readOnly = file.readOnly;
  }

  async read(position: number, target: Uint8Array): Promise<Result<number>> {
    const failure = await this.#watch({ kind: 'read', position, length: target.length });
    return failure ?? this.#file.read(position, target);
  }

  async write(position: number, data: Uint8Array): Promise<Result<void>> {
    const failure = await this.#watch({ kind: 'write', position, data });
    return failure ?? this.#file.write(position, data);
  }

  async sync(): Promise<Result<void>> {
    return (await this.#watch({ kind: 'sync' })) ?? DONE;
  }

  length(): Promise<Result<number>> {
    return this.#file.length();
  }

  async setLength(length: number): Promise<Result<void>> {
    const failure = await this.#watch({ kind: 'set-length', length });
    return failure ?? this.#file.setLength(length);
  }

  close(): Promise<Result<void>> {
    return this.#file.close();
  }
}
