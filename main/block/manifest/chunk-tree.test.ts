import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CHUNK_BYTES, MASTER_FILES } from '../../../shared/master-files.ts';
import { err, ok, unwrap, type Result } from '../../../shared/result.ts';
import { GIB, KIB, MIB } from '../../../shared/units.ts';
import { MemoryFile } from '../../../test/support/memory-file.ts';
import { publishInMemory } from '../../../test/support/memory-master.ts';
import { SparseBytes } from '../../../test/support/sparse-bytes.ts';
import type { Range } from '../range.ts';
import { ChunkHashWriter } from './build.ts';
import { ChunkTree, badChunks } from './chunk-tree.ts';
import { sha256 } from './digest.ts';
import { ManifestLayout } from './layout.ts';
import { ZeroHashes } from './zero-hashes.ts';

/** Reads a manifest as an honest but fallible source would, and remembers what was asked for. */
class ManifestReader {
  readonly asked: Range[] = [];
  readonly #manifest: SparseBytes;

  constructor(manifest: SparseBytes) {
    this.#manifest = manifest;
  }

  readonly fetch = async (range: Range, expected: Buffer): Promise<Result<Buffer>> => {
    this.asked.push(range);
    const bytes = Buffer.alloc(range.length);
    this.#manifest.read(range.offset, bytes);
    return sha256(bytes).equals(expected) ? ok(bytes) : err('source-changed', 'wrong hashes');
  };
}

/** The manifest of a disk that is all zeroes but for some chunks, of which only the hashes are known. */
async function sparseMaster(diskBytes: number, dataChunks: readonly number[]) {
  const layout = new ManifestLayout(diskBytes);
  const zeroes = new ZeroHashes(layout);
  const content = new SparseBytes();
  const writer = new ChunkHashWriter(new MemoryFile(content), layout);
  const data = new Set(dataChunks);
  for (let index = 0; index < layout.chunkCount; index++) {
    const hash = data.has(index) ? sha256(Buffer.from(`chunk ${index}`)) : zeroes.of(0, index);
    unwrap(await writer.add(hash));
  }
  const diskSha256 = 'ab'.repeat(32);
  const root = unwrap(await writer.finish(diskSha256));
  const description = {
    formatVersion: 1,
    sha256: diskSha256,
    lengthBytes: diskBytes,
    chunkBytes: CHUNK_BYTES,
    chunks: { sha256: root, lengthBytes: layout.fileBytes },
  } as const;
  return { description, reader: new ManifestReader(content), content };
}

/** All runs of a disk, as the tree tells them. */
async function runsOf(tree: ChunkTree) {
  const runs: { zero: boolean; count: number }[] = [];
  for (let chunk = 0; chunk < tree.layout.chunkCount;) {
    const run = unwrap(await tree.runFrom(chunk, tree.layout.chunkCount - chunk));
    const last = runs.at(-1);
    if (last?.zero === run.zero) last.count += run.count;
    else runs.push({ ...run });
    chunk += run.count;
  }
  return runs;
}

describe('the hashes of chunks', () => {
  it('are those of the bytes, the last partial chunk included', async () => {
    const disk = Buffer.alloc(3 * CHUNK_BYTES + 512, 7);
    const { description, files } = await publishInMemory(disk);
    const content = new SparseBytes();
    content.write(0, files[MASTER_FILES.chunks] ?? new Uint8Array());
    const tree = unwrap(await ChunkTree.load(description, new ManifestReader(content).fetch));
    const hashes = unwrap(await tree.hashesFrom(0, 4));
    expect(badChunks(disk, hashes, CHUNK_BYTES)).toEqual([]);
    disk[CHUNK_BYTES] = 8;
    disk[3 * CHUNK_BYTES + 511] = 8;
    expect(badChunks(disk, hashes, CHUNK_BYTES)).toEqual([
      { offset: CHUNK_BYTES, length: CHUNK_BYTES },
      { offset: 3 * CHUNK_BYTES, length: 512 },
    ]);
  });

  it('of a small disk are loaded with the head', async () => {
    const { description, reader } = await sparseMaster(64 * MIB, [3]);
    const tree = unwrap(await ChunkTree.load(description, reader.fetch));
    unwrap(await tree.hashesFrom(1000, 24));
    expect(reader.asked).toEqual([{ offset: 0, length: 64 + 32 * KIB }]);
  });

  it('of a large disk are fetched when they are needed, and once', async () => {
    const { description, reader } = await sparseMaster(10 * GIB, [0, 5000]);
    const tree = unwrap(await ChunkTree.load(description, reader.fetch));
    expect(reader.asked.map(({ length }) => length)).toEqual([64 + 5 * KIB]);
    const both = await Promise.all([tree.hashesFrom(5000, 3), tree.hashesFrom(4999, 1)]);
    for (const hashes of both) unwrap(hashes);
    expect(unwrap(await tree.hashesFrom(5000, 1)).equals(sha256(Buffer.from('chunk 5000')))).toBe(true);
    expect(reader.asked.slice(1)).toEqual([tree.layout.block(0, 4)]);
  });

  it('of a disk of three levels are verified from the top down', async () => {
    const last = (65 * GIB) / CHUNK_BYTES - 1;
    const { description, reader } = await sparseMaster(65 * GIB, [last]);
    const tree = unwrap(await ChunkTree.load(description, reader.fetch));
    const hash = unwrap(await tree.hashesFrom(last, 1));
    expect(hash.equals(sha256(Buffer.from(`chunk ${last}`)))).toBe(true);
    expect(reader.asked.slice(1)).toEqual([tree.layout.block(1, 1), tree.layout.block(0, 1039)]);
  });

  it('are asked for again after a failure', async () => {
    const { description, reader } = await sparseMaster(128 * MIB, [0]);
    let fails = false;
    const tree = unwrap(
      await ChunkTree.load(description, async (range, expected) =>
        fails ? err('source-unreachable', 'gone') : reader.fetch(range, expected),
      ),
    );
    fails = true;
    expect(await tree.hashesFrom(0, 1)).toMatchObject({ failure: { code: 'source-unreachable' } });
    fails = false;
    expect((await tree.hashesFrom(0, 1)).ok).toBe(true);
  });

  it.each([
    ['in the head', 70],
    ['in a lower level', 64 + 64 + 5],
  ])('are refused when a byte is wrong %s', async (_where, position) => {
    const { description, reader, content } = await sparseMaster(128 * MIB, [0]);
    const byte = new Uint8Array(1);
    content.read(position, byte);
    content.write(position, Uint8Array.of((byte[0] ?? 0) ^ 1));
    const tree = await ChunkTree.load(description, reader.fetch);
    const hashes = tree.ok ? await tree.value.hashesFrom(0, 1) : tree;
    expect(hashes).toMatchObject({ ok: false, failure: { code: 'source-changed' } });
  });

  it('of another disk are refused though their own hash is right', async () => {
    const other = await sparseMaster(MIB, [0]);
    const swapped = { ...other.description, sha256: 'cd'.repeat(32) };
    expect(await ChunkTree.load(swapped, other.reader.fetch)).toMatchObject({
      failure: { code: 'malformed', message: 'field disk hash of the chunk manifest is wrong' },
    });
    const longer = { ...other.description, lengthBytes: MIB + 512 };
    expect(await ChunkTree.load(longer, other.reader.fetch)).toMatchObject({
      failure: { code: 'malformed' },
    });
  });
});

describe('holes', () => {
  it('are known from the top where all of a block is one', async () => {
    const { description, reader } = await sparseMaster(10 * GIB, [0, 163_839]);
    const tree = unwrap(await ChunkTree.load(description, reader.fetch));
    expect(unwrap(await tree.runFrom(1024, 163_840 - 1024))).toEqual({ zero: true, count: 158 * 1024 });
    expect(reader.asked).toHaveLength(1);
  });

  it('at the end are known though the last chunk and the last block are shorter', async () => {
    const { description, reader } = await sparseMaster(200 * MIB + 512, [0]);
    const tree = unwrap(await ChunkTree.load(description, reader.fetch));
    expect(unwrap(await tree.runFrom(1024, 1 + 3200 - 1024))).toEqual({ zero: true, count: 2177 });
    expect(reader.asked).toHaveLength(1);
    expect(await runsOf(tree)).toEqual([
      { zero: false, count: 1 },
      { zero: true, count: 3200 },
    ]);
  });

  it('of an empty disk are one', async () => {
    const { description, reader } = await sparseMaster(65 * GIB, []);
    const tree = unwrap(await ChunkTree.load(description, reader.fetch));
    expect(await runsOf(tree)).toEqual([{ zero: true, count: (65 * GIB) / CHUNK_BYTES }]);
    expect(reader.asked).toHaveLength(1);
  });

  it('are exactly where there is no data, whatever the disk', async () => {
    const chunkCount = 3500;
    const disks = fc.record({
      tailBytes: fc.constantFrom(512, 4096, CHUNK_BYTES),
      data: fc.uniqueArray(fc.integer({ min: 0, max: chunkCount - 1 }), { maxLength: 12 }),
    });
    await fc.assert(
      fc.asyncProperty(disks, async ({ tailBytes, data }) => {
        const diskBytes = (chunkCount - 1) * CHUNK_BYTES + tailBytes;
        const { description, reader } = await sparseMaster(diskBytes, data);
        const tree = unwrap(await ChunkTree.load(description, reader.fetch));
        const found: number[] = [];
        let at = 0;
        for (const { zero, count } of await runsOf(tree)) {
          if (!zero) for (let index = at; index < at + count; index++) found.push(index);
          at += count;
        }
        expect(found).toEqual([...data].sort((a, b) => a - b));
      }),
      { numRuns: 25 },
    );
  });
});
