import type { Clock } from '../../../shared/clock.ts';
import { MASTER_FILES } from '../../../shared/master-files.ts';
import type { PublishedMaster, StateDescription } from '../../../shared/master.ts';
import { because, DONE, err, ok, type Err, type Result } from '../../../shared/result.ts';
import type { BlockFile } from '../../block/file.ts';
import { sha256 } from '../../block/manifest/digest.ts';
import type { Range } from '../../block/range.ts';
import { putInPlace } from '../../block/whole-file.ts';
import { MirrorSet, type Verification } from '../../block/verified/mirror-set.ts';
import { acquire, type RateLimit } from '../../streaming/limits/rate-limit.ts';
import { masterSources } from '../chain/published-master.ts';
import { keptDownload, partOf } from '../download/kept-download.ts';
import type { StateHeader } from './header.ts';
import { HEADER_BYTES, isPiece, layOut } from './pieces.ts';
import { isStateHead, parsePublishedHead } from './published-state.ts';
import { endStateFile } from './write-state.ts';

export interface FetchStateParts {
  readonly clock: Clock;
  /** What the download has to keep to. */
  readonly limit: RateLimit;
  readonly connections?: number | undefined;
  readonly signal: AbortSignal;
  /** Told the part that is here, from 0 to 1. */
  readonly progress: (fraction: number) => void;
}

/** Pieces under way at a time: enough to fill a fast line with a long way. */
const AHEAD = 4;

/**
 * Downloads the state of a published master into a file that appears when it is whole, durably. Every piece is verified
 * before it is kept, and taken from another mirror where one lies; what an earlier attempt left is verified as well and
 * not fetched again, however that ended.
 *
 * Fails with `source-…` as reads of the master's disk do, with `malformed` where what is published makes no sense, with
 * `busy` while somebody else fetches it to the same place, and with `cancelled`.
 */
export async function fetchState(
  published: PublishedMaster,
  file: string,
  parts: FetchStateParts,
): Promise<Result<void>> {
  const { state } = published.description;
  if (state === undefined) return err('not-found', 'nobody has published a state of this master');
  const { clock, connections = AHEAD } = parts;
  const sources = masterSources(published.sources, { clock, connections });
  if (!sources.ok) return sources;
  const mirrors = new MirrorSet(sources.value, { clock, random: Math.random });
  // What is under way may take long to come, and nobody waits for it any more.
  const breakOff = () => void mirrors.close();
  parts.signal.addEventListener('abort', breakOff, { once: true });
  const fetched = await keptDownload(file, 'The state', (draft) =>
    new Fetch(published, state, mirrors, draft, parts).run(),
  );
  parts.signal.removeEventListener('abort', breakOff);
  await mirrors.close();
  if (!fetched.ok) return parts.signal.aborted ? CANCELLED : fetched;
  return putInPlace(partOf(file), file);
}

const CANCELLED = err('cancelled', 'The download was cancelled');

class Fetch {
  readonly #published: PublishedMaster;
  readonly #state: StateDescription;
  readonly #mirrors: MirrorSet;
  readonly #draft: BlockFile;
  readonly #parts: FetchStateParts;
  #hereBytes = 0;

  constructor(
    published: PublishedMaster,
    state: StateDescription,
    mirrors: MirrorSet,
    draft: BlockFile,
    parts: FetchStateParts,
  ) {
    this.#published = published;
    this.#state = state;
    this.#mirrors = mirrors;
    this.#draft = draft;
    this.#parts = parts;
  }

  async run(): Promise<Result<void>> {
    const head = await this.#read({ offset: 0, length: HEADER_BYTES }, (bytes) =>
      isStateHead(this.#state, bytes),
    );
    if (!head.ok) return head;
    const header = parsePublishedHead(this.#published.description, this.#state, head.value);
    if (!header.ok) return because('The published state cannot be used', header);
    const { storedBytes, digest } = header.value;
    const { hashes } = layOut(storedBytes);
    const expected = await this.#read(hashes, (bytes) => sha256(bytes).equals(digest));
    if (!expected.ok) return expected;
    const pieces = await this.#fetchPieces(header.value, expected.value);
    return pieces.ok ? endStateFile(this.#draft, head.value, storedBytes, expected.value) : pieces;
  }

  /** Several at a time. The first failure ends it when those under way have ended. */
  async #fetchPieces({ storedBytes }: StateHeader, hashes: Uint8Array): Promise<Result<void>> {
    const left = [...layOut(storedBytes).pieces.entries()];
    const failures: Err[] = [];
    const work = async () => {
      for (let next = left.shift(); next !== undefined && failures.length === 0; next = left.shift()) {
        const [index, range] = next;
        const done = await this.#fetchPiece(range, (bytes) => isPiece(hashes, index, bytes));
        if (!done.ok) failures.push(done);
      }
    };
    await Promise.all(Array.from({ length: AHEAD }, work));
    return failures[0] ?? DONE;
  }

  async #fetchPiece(range: Range, isRight: (bytes: Uint8Array) => boolean): Promise<Result<void>> {
    const present = new Uint8Array(range.length);
    const read = await this.#draft.read(range.offset, present);
    if (!read.ok) return read;
    if (read.value < range.length || !isRight(present)) {
      const fetched = await this.#read(range, isRight);
      const kept = fetched.ok ? await this.#draft.write(range.offset, fetched.value) : fetched;
      if (!kept.ok) return kept;
    }
    this.#hereBytes += range.length;
    this.#parts.progress(this.#hereBytes / this.#state.lengthBytes);
    return DONE;
  }

  async #read(
    { offset, length }: Range,
    isRight: (bytes: Uint8Array) => boolean,
  ): Promise<Result<Uint8Array>> {
    const { clock, limit, signal } = this.#parts;
    const { lengthBytes } = this.#state;
    // A range of its own is judged as a whole; a part of it is never asked for.
    const findWrong: Verification['findWrong'] = (at, bytes) =>
      isRight(bytes) ? [] : [{ offset: at, length: bytes.length }];
    if (!(await acquire(limit, length, clock, signal))) return CANCELLED;
    const bytes = new Uint8Array(length);
    const what = { file: MASTER_FILES.state, lengthBytes, findWrong };
    const read = await this.#mirrors.read(what, offset, bytes, false);
    return read.ok ? ok(bytes) : read;
  }
}
