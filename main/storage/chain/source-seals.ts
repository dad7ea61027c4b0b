import { createHash } from 'node:crypto';
import { DONE, err, type Result } from '../../../shared/result.ts';
import type { SourceIdentity } from '../../block/remote/source-identity.ts';

/** Words per source: a mark of its length, of its entity tag, of its date. 0: nothing known. */
const WORDS = 3;

/**
 * What the remote sources of a disk were when they were first opened, in shared memory: the guest's thread and the
 * one that copies connect each for itself, later and anew, and must not mix two versions of a master in one overlay.
 *
 * Can be sent to other threads as {@link SharedSeals}.
 */
export class SourceSeals implements SharedSeals {
  readonly locations: readonly string[];
  readonly memory: SharedArrayBuffer;
  readonly #marks: BigInt64Array;

  /** @param locations of all images of the chain; what is not among them is not watched */
  static for(locations: readonly string[]): SourceSeals {
    return new SourceSeals({
      locations,
      memory: new SharedArrayBuffer(locations.length * WORDS * BigInt64Array.BYTES_PER_ELEMENT),
    });
  }

  constructor({ locations, memory }: SharedSeals) {
    this.locations = locations;
    this.memory = memory;
    this.#marks = new BigInt64Array(memory);
  }

  /** Fails with `source-changed` when somebody has opened another version before. */
  check(location: string, identity: SourceIdentity): Result<void> {
    const index = this.locations.indexOf(location);
    if (index < 0) return DONE;
    const { lengthBytes, etag, lastModified } = identity;
    const marks = [String(lengthBytes), etag?.replace(/^W\//, ''), etag === null ? lastModified : null];
    const same = marks.every((mark, word) => this.#agrees(index * WORDS + word, mark ?? null));
    return same
      ? DONE
      : err('source-changed', `${location}: the source has changed since it was first opened`);
  }

  /** What a source does not tell says nothing. */
  #agrees(at: number, mark: string | null): boolean {
    if (mark === null) return true;
    const value = createHash('sha256').update(mark).digest().readBigInt64LE() | 1n;
    const before = Atomics.compareExchange(this.#marks, at, 0n, value);
    return before === 0n || before === value;
  }
}

/** {@link SourceSeals} as plain data. */
export interface SharedSeals {
  readonly locations: readonly string[];
  readonly memory: SharedArrayBuffer;
}
