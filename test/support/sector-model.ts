import { SECTOR_BYTES } from '../../shared/units.ts';

/** What a sector holds: 0 for zeroes, otherwise the number of the write that filled it. */
export type Tag = number;

/** The bytes of sectors from `first` on, one for each tag. */
export function sectorsOf(first: number, tags: readonly Tag[]): Uint8Array {
  const words = new Uint32Array((tags.length * SECTOR_BYTES) / 4);
  for (const [i, tag] of tags.entries()) {
    if (tag === 0) continue;
    const start = (i * SECTOR_BYTES) / 4;
    for (let word = 0; word < SECTOR_BYTES / 4; word += 2) {
      words[start + word] = tag;
      words[start + word + 1] = first + i;
    }
  }
  return new Uint8Array(words.buffer);
}

/** The tag of each sector in `bytes`; null for what no write ever put there. */
export function tagsIn(first: number, bytes: Uint8Array): (Tag | null)[] {
  const words = new Uint32Array(bytes.slice().buffer);
  const perSector = SECTOR_BYTES / 4;
  return Array.from({ length: bytes.length / SECTOR_BYTES }, (_, i) => {
    const start = i * perSector;
    const tag = words[start] ?? 0;
    const number = tag === 0 ? 0 : first + i;
    for (let word = start; word < start + perSector; word += 2) {
      if (words[word] !== tag || words[word + 1] !== number) return null;
    }
    return tag;
  });
}

/** A range of sectors: `[first, first + count)`. */
export interface Sectors {
  readonly first: number;
  readonly count: number;
}

/** What may be read at a moment: something each sector held since a point in its history. */
export interface Legal {
  allows(sector: number, tag: Tag | null): boolean;
  /** The tags a sector may have, for messages. */
  tags(sector: number): readonly Tag[];
}

export const ONLY_ZEROES: Legal = { allows: (_, tag) => tag === 0, tags: () => [0] };

/**
 * What a disk may hold, sector by sector, as the guest can know it. Each sector has a history of writes. A read sees
 * the last acknowledged one or one that began later; after a loss of power the last one that was acknowledged before
 * a completed flush began, or any later one.
 */
export class SectorModel {
  readonly #history: Tag[][];
  /** Index in the history of the last acknowledged write, for each sector. */
  readonly #acknowledged: Uint32Array;
  readonly #flushed: Uint32Array;
  /** Length of the history. */
  readonly #begun: Uint32Array;

  constructor(tags: readonly Tag[]) {
    this.#history = tags.map((tag) => [tag]);
    this.#acknowledged = new Uint32Array(tags.length);
    this.#flushed = new Uint32Array(tags.length);
    this.#begun = new Uint32Array(tags.length).fill(1);
  }

  /** Notes that a write of `tag` begins; the returned function notes that it was acknowledged. */
  begin({ first, count }: Sectors, tag: Tag): () => void {
    const places = new Uint32Array(count);
    for (let i = 0; i < count; i++) {
      const length = this.#of(first + i).push(tag);
      this.#begun[first + i] = length;
      places[i] = length - 1;
    }
    return () => this.#acknowledged.set(places, first);
  }

  /** Notes that a flush begins; the returned function notes that it was acknowledged. */
  beginFlush(): () => void {
    const upTo = this.#acknowledged.slice();
    return () => {
      for (const [sector, index] of upTo.entries()) {
        this.#flushed[sector] = Math.max(this.#flushed[sector] ?? 0, index);
      }
    };
  }

  /** What a read that begins now may return, whenever it ends. */
  readable(): Legal {
    return this.#since(this.#acknowledged.slice());
  }

  /** What may be there after a loss of power at this moment. */
  survivable(): Legal {
    return this.#since(this.#flushed.slice(), this.#begun.slice());
  }

  #since(from: Uint32Array, to?: Uint32Array): Legal {
    return {
      allows: (sector, tag) => {
        const history = this.#of(sector);
        const end = to?.[sector] ?? history.length;
        for (let i = from[sector] ?? 0; i < end; i++) if (history[i] === tag) return true;
        return false;
      },
      tags: (sector) => this.#of(sector).slice(from[sector], to?.[sector]),
    };
  }

  #of(sector: number): Tag[] {
    const tags = this.#history[sector];
    if (tags === undefined) throw new Error(`no sector ${sector}`);
    return tags;
  }
}

/** The first sector of `bytes` that is not legal, in words; null when all are. */
export function illegalSector(legal: Legal, first: number, bytes: Uint8Array): string | null {
  const tags = tagsIn(first, bytes);
  const bad = tags.findIndex((tag, i) => !legal.allows(first + i, tag));
  if (bad < 0) return null;
  const allowed = legal.tags(first + bad).join(', ');
  return `sector ${first + bad} holds ${tags[bad] ?? 'garbage'}, allowed: ${allowed}`;
}
