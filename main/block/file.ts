import type { Result } from '../../shared/result.ts';

/** Whether a stretch of a file is a hole, and for how many bytes the answer holds. */
export interface FileRun {
  readonly hole: boolean;
  readonly length: number;
}

/** What the system knows of where a file holds nothing. */
export interface FileHoles {
  /** The run that begins at `offset`, at most `length` bytes. A hole reads as zeroes; what is none may as well. */
  runAt(offset: number, length: number): Promise<FileRun>;
  /** False where nobody tells: everything is said to be stored then. */
  areKnown(): Promise<boolean>;
}

/**
 * A local file that is read and written by position: all that an image format needs from the operating system.
 * The engine only ever sees this interface, so that it also runs over memory with simulated power cuts.
 */
export interface BlockFile {
  /** Path for messages. */
  readonly path: string;
  readonly readOnly: boolean;
  /** Where the file holds nothing; left out where nobody can be asked. */
  readonly holes?: FileHoles | undefined;
  /** Reads up to `target.length` bytes; fewer only at the end of the file. Returns how many. */
  read(position: number, target: Uint8Array): Promise<Result<number>>;
  /** Writes all of `data`, growing the file where needed. */
  write(position: number, data: Uint8Array): Promise<Result<void>>;
  /** Makes all writes and lengths so far durable (`fdatasync`). */
  sync(): Promise<Result<void>>;
  /** Current length in bytes. */
  length(): Promise<Result<number>>;
  /** Cuts or grows the file; what is added reads as zeroes. */
  setLength(length: number): Promise<Result<void>>;
  close(): Promise<Result<void>>;
}
