import { createCipheriv } from 'node:crypto';
import fs from 'node:fs';
import { MIB } from '../../../shared/units.ts';
import type { Workshop } from './workshop.ts';

/** Data and holes of the sparse master come in runs of one to so many MiB. */
const LONGEST_RUN_MIB = 8;
/** How many times longer the long master is. */
const LONG = 3;

/** Raw masters, the same bytes in every run, made when they are first asked for; in the page cache from then on. */
export class Masters {
  readonly sizeBytes: number;
  /** Of the long master. */
  readonly longBytes: number;
  readonly #workshop: Workshop;
  #random: string | null = null;
  #long: string | null = null;
  #halfZero: string | null = null;

  constructor(workshop: Workshop, sizeBytes: number) {
    this.#workshop = workshop;
    this.sizeBytes = sizeBytes;
    this.longBytes = LONG * sizeBytes;
  }

  /** Incompressible from the first byte to the last. */
  random(): string {
    return (this.#random ??= this.#make('random.raw', this.sizeBytes, () => true));
  }

  /** Incompressible too, and so long that a stream from it goes on for as long as it is watched. */
  long(): string {
    return (this.#long ??= this.#make('long.raw', this.longBytes, () => true));
  }

  /** A sparse file of which half is holes, in runs of one to eight MiB. */
  halfZero(): string {
    return (this.#halfZero ??= this.#make('half-zero.raw', this.sizeBytes, alternatingRuns()));
  }

  #make(name: string, sizeBytes: number, hasData: (megabyte: number) => boolean): string {
    const file = this.#workshop.path(name);
    const fd = fs.openSync(file, 'w');
    const cipher = createCipheriv('aes-256-ctr', Buffer.alloc(32, 1), Buffer.alloc(16, 2));
    const zeroes = Buffer.alloc(MIB);
    fs.ftruncateSync(fd, sizeBytes);
    for (let at = 0; at < sizeBytes; at += MIB) {
      if (hasData(at / MIB)) fs.writeSync(fd, cipher.update(zeroes), 0, MIB, at);
    }
    // Its way to the disk shall not fall into the first measurement.
    fs.fsyncSync(fd);
    fs.closeSync(fd);
    return file;
  }
}

function alternatingRuns(): (megabyte: number) => boolean {
  let [state, data, left] = [1, false, 0];
  return () => {
    if (left === 0) {
      // Numerical Recipes' generator: any will do that is the same everywhere.
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      left = 1 + ((state >>> 16) % LONGEST_RUN_MIB);
      data = !data;
    }
    left--;
    return data;
  };
}
