import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../shared/clock.ts';
import { MASTER_FILES } from '../../../shared/master-files.ts';
import type { PublishedMaster } from '../../../shared/master.ts';
import { unwrap, type Result } from '../../../shared/result.ts';
import { MIB } from '../../../shared/units.ts';
import {
  publishAnew,
  publishWithState,
  STATE_CONTENT,
  STATE_EMULATOR,
  STATE_MEMORY_MIB,
  STATE_SAVED_MS,
} from '../../../test/support/published-state.ts';
import { serve } from '../../../test/support/served.ts';
import { tempFolder } from '../../../test/support/temp-folder.ts';
import type { Range } from '../../block/range.ts';
import { parseLinkSpec } from '../../serve/link-spec.ts';
import { UNLIMITED } from '../../streaming/limits/bucket-chain.ts';
import type { RateLimit } from '../../streaming/limits/rate-limit.ts';
import { partOf } from '../download/kept-download.ts';
import { fetchState, type FetchStateParts } from './fetch-state.ts';
import { HEADER_BYTES, PIECE_BYTES } from './pieces.ts';
import { publishedContentStamp } from './published-state.ts';
import { loadStateFile } from './state-file.ts';

const DISK = new Uint8Array(MIB).fill(3);

/** A state on one or several servers, and where it is to go. */
async function publishedAt(servers = 1) {
  const { folder, description } = await publishWithState(DISK);
  const folders = [folder];
  while (folders.length < servers) {
    const copy = tempFolder();
    fs.cpSync(folder, copy, { recursive: true });
    folders.push(copy);
  }
  const requests: Range[] = [];
  const served = await Promise.all(
    folders.map((root) =>
      serve(root, { onRequest: ({ range }) => requests.push(...(range === null ? [] : [range])) }),
    ),
  );
  const published: PublishedMaster = { description, sources: served.map(({ url }) => url) };
  return { published, folders, requests, file: path.join(tempFolder(), 'states', 'here.state') };
}

function fetchTo(
  published: PublishedMaster,
  file: string,
  over: Partial<FetchStateParts> = {},
): Promise<Result<void>> {
  const signal = new AbortController().signal;
  return fetchState(published, file, {
    clock: systemClock,
    limit: UNLIMITED,
    signal,
    progress: () => undefined,
    ...over,
  });
}

const readBack = async ({ description }: PublishedMaster, file: string) =>
  unwrap(
    await loadStateFile(file, {
      emulator: STATE_EMULATOR,
      memoryMiB: STATE_MEMORY_MIB,
      diskBytes: DISK.length,
      contentStamp: publishedContentStamp(description),
    }),
  );

/** Changes one byte of a published state. */
function spoilAt(folder: string, offset: number): void {
  const file = path.join(folder, MASTER_FILES.state);
  const bytes = fs.readFileSync(file);
  bytes[offset] = (bytes[offset] ?? 0) ^ 1;
  fs.writeFileSync(file, bytes);
}

describe('the state of a published master', () => {
  it('is downloaded, and is what was saved, named by its disk', async () => {
    const { published, file } = await publishedAt();
    const told: number[] = [];
    unwrap(await fetchTo(published, file, { progress: (fraction) => told.push(fraction) }));
    const reading = await readBack(published, file);
    if (!reading.fits) throw new Error(reading.why);
    expect(Buffer.compare(reading.state, STATE_CONTENT)).toBe(0);
    expect(reading.savedAtMs).toBe(STATE_SAVED_MS);
    expect(told).toEqual(told.toSorted((a, b) => a - b));
    expect(fs.readdirSync(path.dirname(file))).toEqual(['here.state']);
  });

  it('is the same file each time it is published', async () => {
    const [one, other] = [await publishAnew(DISK), await publishAnew(DISK)];
    expect(other.description).toEqual(one.description);
  });

  it('goes on where an earlier download ended, and trusts nothing that lies there', async () => {
    const { published, file, requests } = await publishedAt();
    unwrap(await fetchTo(published, file));
    // What a kill leaves: no header yet, a piece that is half there, and one that the power cut spoilt.
    const whole = fs.readFileSync(file);
    const left = Buffer.from(whole.subarray(0, HEADER_BYTES + 2 * PIECE_BYTES + 1000)).fill(
      0,
      0,
      HEADER_BYTES,
    );
    left.writeUInt8(left.readUInt8(HEADER_BYTES + PIECE_BYTES + 7) ^ 1, HEADER_BYTES + PIECE_BYTES + 7);
    fs.renameSync(file, partOf(file));
    fs.writeFileSync(partOf(file), left);
    requests.length = 0;
    unwrap(await fetchTo(published, file));
    expect(fs.readFileSync(file)).toEqual(whole);
    const asked = (index: number) =>
      requests.some(({ offset }) => offset === HEADER_BYTES + index * PIECE_BYTES);
    expect([0, 1, 2].map(asked)).toEqual([false, true, true]);
  });

  it('comes from another mirror where one lies', async () => {
    const { published, folders, file } = await publishedAt(2);
    for (const place of [3, HEADER_BYTES + 5, HEADER_BYTES + 2 * PIECE_BYTES])
      spoilAt(folders[0] ?? '', place);
    unwrap(await fetchTo(published, file));
    expect((await readBack(published, file)).fits).toBe(true);
  });

  it.each<[string, number]>([
    ['head', 30],
    ['content', HEADER_BYTES + PIECE_BYTES + 1],
    ['hashes', -1],
  ])('is not taken where its %s is not what was published', async (_, place) => {
    const { published, folders, file } = await publishedAt();
    const { lengthBytes = 0 } = published.description.state ?? {};
    spoilAt(folders[0] ?? '', place < 0 ? lengthBytes + place : place);
    expect(await fetchTo(published, file)).toMatchObject({ failure: { code: 'source-changed' } });
    expect(fs.existsSync(file)).toBe(false);
  });

  it.each<[string, (published: PublishedMaster) => PublishedMaster]>([
    ['memory', (published) => withState(published, { memoryMiB: 64 })],
    ['emulator', (published) => withState(published, { emulator: 'v86 9' })],
    [
      'disk',
      (published) => ({ ...published, description: { ...published.description, sha256: 'e'.repeat(64) } }),
    ],
  ])('is refused when its description tells of another %s', async (_, change) => {
    const { published, file } = await publishedAt();
    expect(await fetchTo(change(published), file)).toMatchObject({ failure: { code: 'malformed' } });
  });

  it('is not fetched twice at a time to one place', async () => {
    const { published, file } = await publishedAt();
    const [one, other] = await Promise.all([fetchTo(published, file), fetchTo(published, file)]);
    expect([one.ok, other.ok].toSorted()).toEqual([false, true]);
    expect([one, other].find(({ ok }) => !ok)).toMatchObject({ failure: { code: 'busy' } });
    expect((await readBack(published, file)).fits).toBe(true);
  });

  it('can be called off while pieces are under way, however long those take', async () => {
    const { folder, description } = await publishWithState(DISK);
    const abort = new AbortController();
    // A piece takes minutes.
    const link = unwrap(parseLinkSpec('8kbit'));
    const onRequest = ({ range }: { range: Range | null }) => {
      if ((range?.length ?? 0) >= PIECE_BYTES) abort.abort();
    };
    const { url } = await serve(folder, { link, onRequest });
    const fetched = await fetchTo({ description, sources: [url] }, path.join(tempFolder(), 'a.state'), {
      signal: abort.signal,
    });
    expect(fetched).toMatchObject({ failure: { code: 'cancelled' } });
  });

  it('can be called off, and keeps what is there', async () => {
    const { published, file } = await publishedAt();
    const abort = new AbortController();
    // Head, hashes and one piece are let through.
    let left = 3;
    const limit: RateLimit = {
      ...{ bytesPerSecond: 1, debit: nothing, refund: nothing, demandBegan: nothing, demandEnded: nothing },
      quietMs: () => Infinity,
      take: () => (left-- > 0 ? 0 : 1000),
    };
    const { signal } = abort;
    const fetched = await fetchTo(published, file, { signal, limit, progress: () => abort.abort() });
    expect(fetched).toMatchObject({ failure: { code: 'cancelled' } });
    expect(fs.statSync(partOf(file)).size).toBeGreaterThan(0);
    unwrap(await fetchTo(published, file));
    expect((await readBack(published, file)).fits).toBe(true);
  });
});

const nothing = () => undefined;

function withState(
  { description, sources }: PublishedMaster,
  change: Partial<NonNullable<PublishedMaster['description']['state']>>,
): PublishedMaster {
  const { state } = description;
  return { description: { ...description, state: state && { ...state, ...change } }, sources };
}
