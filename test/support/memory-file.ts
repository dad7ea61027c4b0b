import { DONE, err, ok, type Err, type Result } from '../../shared/result.ts';
import { alignDown, SECTOR_BYTES } from '../../shared/units.ts';
import type { BlockFile } from '../../main/block/file.ts';
import type { SeededRandom } from './seeded-random.ts';
import { SparseBytes } from './sparse-bytes.ts';

export type FileOperation =
  | { readonly kind: 'read'; readonly position: number; readonly length: number }
  | { readonly kind: 'write'; readonly position: number; readonly data: Uint8Array }
  | { readonly kind: 'set-length'; readonly length: number }
  | { readonly kind: 'sync' };

export interface MemoryFileOptions {
  readonly path?: string;
  readonly readOnly?: boolean;
  /** Runs before each operation takes effect; what it returns makes the operation fail. */
  readonly before?: (operation: FileOperation) => Promise<Err | null> | Err | null;
  /** Runs before each operation ends, when it has taken effect. */
  readonly after?: (operation: FileOperation) => Promise<void> | void;
}

/** A change that a loss of power may undo, wholly or in part. */
type Change =
  | { readonly kind: 'write'; readonly position: number; readonly data: Uint8Array }
  | { readonly kind: 'set-length'; readonly length: number };

/**
 * A file in memory that knows what a loss of power could leave of it. Changes are on the disk for certain only once a
 * sync that began after they ended has ended itself. Until then any part of them may be there: of a write some
 * sectors of 512 bytes and not others, with or without the longer file it made.
 *
 * A write that fails has stored its first half, as on a disk that runs full.
 */
export class MemoryFile implements BlockFile {
  readonly path: string;
  readonly readOnly: boolean;
  readonly #before: MemoryFileOptions['before'];
  readonly #after: MemoryFileOptions['after'];
  readonly #content: SparseBytes;
  readonly #durable: SparseBytes;
  /** Finished changes in the order they took effect. */
  #unsynced: Change[] = [];
  readonly #beingWritten = new Set<Change>();
  #underWay = 0;
  #closed = false;

  constructor(content: SparseBytes = new SparseBytes(), options: MemoryFileOptions = {}) {
    this.path = options.path ?? 'memory.qed';
    this.readOnly = options.readOnly ?? false;
    this.#before = options.before;
    this.#after = options.after;
    this.#content = content;
    this.#durable = content.copy();
  }

  static of(bytes: Uint8Array, options: MemoryFileOptions = {}): MemoryFile {
    const content = new SparseBytes();
    content.write(0, bytes);
    return new MemoryFile(content, options);
  }

  /** What the file holds now, as a running system sees it. Shared with the file: copy it to keep it. */
  get content(): SparseBytes {
    return this.#content;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Opens the same file again after {@link close}, with what it has not synced. */
  reopen(): this {
    this.#closed = false;
    return this;
  }

  /** A copy of the file as it is, all of it on the disk. */
  reopened(options: MemoryFileOptions = {}): MemoryFile {
    return new MemoryFile(this.#content.copy(), { path: this.path, ...options });
  }

  /** What a power cut at this moment might leave, chosen by `random`. */
  afterPowerCut(random: SeededRandom): SparseBytes {
    const left = this.#durable.copy();
    const probability = random.pick([0, 0.1, 0.5, 0.9, 1]);
    for (const change of [...this.#unsynced, ...this.#beingWritten]) {
      if (change.kind === 'set-length') {
        if (random.chance(probability)) left.setLength(change.length);
      } else {
        landSectors(left, change.position, change.data, random, probability);
      }
    }
    return left;
  }

  read(position: number, target: Uint8Array): Promise<Result<number>> {
    return this.#run({ kind: 'read', position, length: target.length }, () =>
      this.#content.read(position, target),
    );
  }

  async write(position: number, data: Uint8Array): Promise<Result<void>> {
    if (this.readOnly) return err('read-only', `'${this.path}' was opened read-only`);
    const change: Change = { kind: 'write', position, data: data.slice() };
    this.#beingWritten.add(change);
    const written = await this.#run({ kind: 'write', position, data }, () => {
      if (Buffer.compare(data, change.data) !== 0) throw new Error('the data of a write changed on the way');
      this.#content.write(position, change.data);
      this.#unsynced.push(change);
    });
    this.#beingWritten.delete(change);
    if (!written.ok && !this.#closed) {
      const half = change.data.subarray(0, alignDown(change.data.length / 2, SECTOR_BYTES));
      this.#content.write(position, half);
      this.#unsynced.push({ ...change, data: half });
    }
    return written;
  }

  sync(): Promise<Result<void>> {
    const finished = new Set(this.#unsynced);
    return this.#run({ kind: 'sync' }, () => {
      // Another sync may have ended meanwhile, with some of these and with later ones.
      for (const change of this.#unsynced) if (finished.has(change)) apply(this.#durable, change);
      this.#unsynced = this.#unsynced.filter((change) => !finished.has(change));
    });
  }

  async length(): Promise<Result<number>> {
    return this.#closed ? this.#closedFailure() : ok(this.#content.length);
  }

  async setLength(length: number): Promise<Result<void>> {
    if (this.readOnly) return err('read-only', `'${this.path}' was opened read-only`);
    return this.#run({ kind: 'set-length', length }, () => {
      this.#content.setLength(length);
      this.#unsynced.push({ kind: 'set-length', length });
    });
  }

  async close(): Promise<Result<void>> {
    if (this.#underWay > 0) throw new Error(`closed with ${this.#underWay} operations under way`);
    this.#closed = true;
    return DONE;
  }

  async #run<T>(operation: FileOperation, effect: () => T): Promise<Result<T>> {
    if (this.#closed) return this.#closedFailure();
    this.#underWay++;
    try {
      const gate = this.#before?.(operation) ?? null;
      const failure = gate instanceof Promise ? await gate : gate;
      if (failure !== null) return failure;
      const value = effect();
      const end = this.#after?.(operation);
      if (end instanceof Promise) await end;
      return ok(value);
    } finally {
      this.#underWay--;
    }
  }

  #closedFailure() {
    return err('closed', `'${this.path}' is closed`);
  }
}

function apply(content: SparseBytes, change: Change): void {
  if (change.kind === 'set-length') content.setLength(change.length);
  else content.write(change.position, change.data);
}

function landSectors(
  left: SparseBytes,
  position: number,
  data: Uint8Array,
  random: SeededRandom,
  probability: number,
): void {
  const end = position + data.length;
  // The file may have become longer without the data.
  if (end > left.length && random.chance(probability)) left.setLength(end);
  for (let start = position; start < end;) {
    const sectorEnd = Math.min(end, (Math.floor(start / SECTOR_BYTES) + 1) * SECTOR_BYTES);
    if (random.chance(probability)) left.write(start, data.subarray(start - position, sectorEnd - position));
    start = sectorEnd;
  }
}

/** Lets the n-th operation fail, counted from 1, and counts them. */
export class Saboteur {
  count = 0;
  readonly #failAt: number;
  readonly #failure: Err;
  readonly #concerns: (operation: FileOperation) => boolean;

  constructor(
    failAt: number,
    concerns: (operation: FileOperation) => boolean = () => true,
    failure: Err = err('io', 'injected: Input/output error', { errno: 'EIO' }),
  ) {
    this.#failAt = failAt;
    this.#concerns = concerns;
    this.#failure = failure;
  }

  get struck(): boolean {
    return this.count >= this.#failAt;
  }

  readonly before = (operation: FileOperation): Err | null => {
    if (!this.#concerns(operation)) return null;
    this.count++;
    return this.count === this.#failAt ? this.#failure : null;
  };
}
