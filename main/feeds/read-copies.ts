import { err, type Failure, type Result } from '../../shared/result.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { FeedRow } from '../catalog/tables/feeds.ts';
import type { FeedReader } from './feed-reader.ts';
import type { Listing } from './listing.ts';

export interface ReadCopiesParts {
  readonly catalog: Catalog;
  readonly reader: FeedReader;
  readonly signal: AbortSignal;
  readonly read: (row: FeedRow, listing: Listing) => void;
  readonly lost: (row: FeedRow, failure: Failure) => void;
}

/** Each may have a thread of its own and takes a processor while it is read. */
const MOST_AT_ONCE = 2;

/** Reads the copies of feeds that the catalog keeps, in no particular order; when the signal aborts no further ones. */
export async function readCopies(rows: readonly FeedRow[], parts: ReadCopiesParts): Promise<void> {
  const waiting = rows.values();
  const work = async () => {
    for (const row of waiting) {
      if (parts.signal.aborted) return;
      const read = await readCopy(row, parts);
      if (read.ok) parts.read(row, read.value);
      else parts.lost(row, read.failure);
    }
  };
  await Promise.all(Array.from({ length: MOST_AT_ONCE }, work));
}

async function readCopy(row: FeedRow, { catalog, reader }: ReadCopiesParts): Promise<Result<Listing>> {
  const copy = catalog.read(({ feeds }) => feeds.copyOf(row.id));
  if (!copy.ok) return copy;
  if (copy.value === null) return err('not-found', 'it is not in the catalog');
  const { kind, location } = row;
  const read = await reader.read({ kind, location, copy: copy.value });
  if (!read.ok || read.value.key === row.publicKey) return read;
  return err('untrusted', 'it is signed with another key than the catalog says', {
    words: ['feed-other-key'],
  });
}
