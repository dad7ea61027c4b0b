import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../shared/clock.ts';
import { CHUNK_BYTES, MASTER_FILES } from '../../../shared/master-files.ts';
import { unwrap } from '../../../shared/result.ts';
import { KIB, MIB } from '../../../shared/units.ts';
import { raw, qed } from '../../../test/support/disk-workbench.ts';
import { writeQed, writeRaw } from '../../../test/support/image-files.ts';
import { publishWithState } from '../../../test/support/published-state.ts';
import { publishInMemory } from '../../../test/support/memory-master.ts';
import { spoil } from '../../../test/support/published-master.ts';
import { serve } from '../../../test/support/served.ts';
import { tempFolder } from '../../../test/support/temp-folder.ts';
import { MemoryDevice } from '../../../test/support/memory-device.ts';
import { NodeFile } from '../../block/node-file.ts';
import { writePack } from '../../block/pack/write-pack.ts';
import type { ImageChain } from '../../storage/chain/image-chain.ts';
import { findPublished } from '../../storage/chain/master-description.ts';
import { lockImage } from '../../storage/lock/image-lock.ts';
import { writeDescription } from './master-folder.ts';
import { publishBoot } from './publish-boot.ts';
import { publishMaster } from './publish-master.ts';
import { verifyMaster } from './verify-master.ts';

const context = (signal = new AbortController().signal, progress: (fraction: number) => void = () => {}) => ({
  clock: systemClock,
  signal,
  progress,
});

const publish = async (source: ImageChain, out: string) =>
  unwrap(await publishMaster({ source, out }, context()));

/** A disk with data, a hole of many chunks, and data again, that ends within a chunk. */
function newDisk(folder = tempFolder()): { file: string; content: Uint8Array } {
  const file = path.join(folder, 'disk.raw');
  const content = writeRaw(file, 5 * MIB + 3 * KIB);
  content.fill(0, MIB, 4 * MIB);
  fs.writeFileSync(file, content.subarray(0, MIB));
  fs.truncateSync(file, content.length);
  const fd = fs.openSync(file, 'r+');
  fs.writeSync(fd, content, 4 * MIB, content.length - 4 * MIB, 4 * MIB);
  fs.closeSync(fd);
  return { file, content };
}

const filesIn = (folder: string) =>
  Object.fromEntries(
    fs.readdirSync(folder).map((name) => [name, fs.readFileSync(path.join(folder, name)).toString('base64')]),
  );

async function verify(location: string) {
  const master = unwrap(await findPublished(location, systemClock));
  return unwrap(await verifyMaster({ master }, context()));
}

describe('publishing a disk', () => {
  it('copies it to a folder named by its hash, and describes it', async () => {
    const { file, content } = newDisk();
    const out = tempFolder();
    const { folder, description, existed } = await publish(raw(file), out);
    const { description: expected, files } = await publishInMemory(content);
    expect({ description, existed }).toEqual({ description: expected, existed: false });
    expect(folder).toBe(path.join(out, 'masters', description.sha256));
    expect(fs.readdirSync(folder).sort()).toEqual(['chunks.bin', 'disk.raw', 'master.json']);
    for (const [name, bytes] of Object.entries(files)) {
      expect(Buffer.compare(fs.readFileSync(path.join(folder, name)), bytes)).toBe(0);
    }
    expect(fs.readdirSync(path.join(out, 'masters'))).toEqual([description.sha256]);
  });

  it('leaves holes where there are zeroes', async () => {
    const { file } = newDisk();
    const { folder } = await publish(raw(file), tempFolder());
    const { blocks } = fs.statSync(path.join(folder, MASTER_FILES.disk));
    expect(blocks * 512).toBeLessThan(3 * MIB);
  });

  it('gives the same bytes for the same content, whatever holds it', async () => {
    const { file } = newDisk();
    const overlay = path.join(tempFolder(), 'overlay.qed');
    await writeQed(overlay, { imageBytes: 5 * MIB + 3 * KIB, backing: { name: file, raw: true } });
    const first = await publish(raw(file), tempFolder());
    const second = await publish(qed(overlay, raw(file)), tempFolder());
    expect(filesIn(second.folder)).toEqual(filesIn(first.folder));
  });

  it('pads a disk that ends within a sector', async () => {
    const file = path.join(tempFolder(), 'odd.raw');
    fs.writeFileSync(file, Buffer.alloc(1000, 1));
    const { folder, description } = await publish(raw(file), tempFolder());
    expect(description.lengthBytes).toBe(1024);
    expect(fs.readFileSync(path.join(folder, MASTER_FILES.disk)).subarray(1000)).toEqual(Buffer.alloc(24));
    expect((await verify(folder)).problems).toEqual([]);
  });

  it('a second time says that it is there, and keeps what was added to it', async () => {
    const { file } = newDisk();
    const out = tempFolder();
    const first = await publish(raw(file), out);
    const added = {
      ...first.description,
      bootProfile: { sha256: 'ab'.repeat(32), lengthBytes: 10, bootBytes: 512 },
    };
    unwrap(await writeDescription(first.folder, added));
    expect(await publish(raw(file), out)).toEqual({ ...first, description: added, existed: true });
    expect(fs.readdirSync(path.join(out, 'masters'))).toHaveLength(1);
  });

  it('goes on after it was cancelled, with what is copied already', async () => {
    const { file } = newDisk();
    const out = tempFolder();
    const abort = new AbortController();
    const cancelled = await publishMaster(
      { source: raw(file), out },
      context(abort.signal, (fraction) => {
        if (fraction > 0.5) abort.abort();
      }),
    );
    expect(cancelled).toMatchObject({ failure: { code: 'cancelled' } });
    const [draft = ''] = fs.readdirSync(path.join(out, 'masters'));
    const copied = path.join(out, 'masters', draft, MASTER_FILES.disk);
    const before = fs.statSync(copied);
    const { folder } = await publish(raw(file), out);
    const after = fs.statSync(path.join(folder, MASTER_FILES.disk));
    expect(after.ino).toBe(before.ino);
    expect((await verify(folder)).problems).toEqual([]);
  });

  it('mends whatever a power cut left in its draft', async () => {
    const { file } = newDisk();
    const out = tempFolder();
    const abort = new AbortController();
    abort.abort();
    await publishMaster({ source: raw(file), out }, context(abort.signal));
    const [draft = ''] = fs.readdirSync(path.join(out, 'masters'));
    const copied = path.join(out, 'masters', draft, MASTER_FILES.disk);
    fs.writeFileSync(copied, Buffer.alloc(6 * MIB, 0xdd));
    fs.writeFileSync(path.join(out, 'masters', draft, MASTER_FILES.chunks), 'rubbish');
    fs.writeFileSync(path.join(out, 'masters', draft, MASTER_FILES.description), '{');
    const { folder } = await publish(raw(file), out);
    expect((await verify(folder)).problems).toEqual([]);
  });

  it('refuses a disk that is written to meanwhile', async () => {
    const { file } = newDisk();
    const out = tempFolder();
    const published = await publishMaster(
      { source: raw(file), out },
      context(undefined, () => fs.utimesSync(file, 1, fs.statSync(file).mtimeMs / 1000 + 5)),
    );
    expect(published).toMatchObject({
      failure: {
        code: 'busy',
        message: `'${file}' changed while it was published; stop what writes to it, and try again`,
      },
    });
    expect(fs.readdirSync(path.join(out, 'masters')).filter((name) => !name.startsWith('.'))).toEqual([]);
  });

  it('is left to whoever does it already', async () => {
    const { file } = newDisk();
    const out = tempFolder();
    const abort = new AbortController();
    abort.abort();
    await publishMaster({ source: raw(file), out }, context(abort.signal));
    const [draft = ''] = fs.readdirSync(path.join(out, 'masters'));
    const release = unwrap(lockImage(path.join(out, 'masters', draft), 'allowed'));
    expect(await publishMaster({ source: raw(file), out }, context())).toMatchObject({
      failure: { code: 'busy' },
    });
    release();
  });

  it('refuses an empty disk, and one that is not there', async () => {
    const file = path.join(tempFolder(), 'disk.raw');
    const attempt = () => publishMaster({ source: raw(file), out: tempFolder() }, context());
    expect(await attempt()).toMatchObject({ failure: { code: 'not-found' } });
    fs.writeFileSync(file, '');
    expect(await attempt()).toMatchObject({
      failure: { code: 'invalid-argument', message: `'${file}' is empty` },
    });
  });
});

describe('publishing a boot', () => {
  const BOOT = [
    { offset: 4 * MIB, length: 8 * KIB },
    { offset: 0, length: 64 * KIB },
    { offset: 2 * MIB, length: 4 * KIB },
    { offset: 60 * KIB, length: 12 * KIB },
    { offset: 4 * MIB + 8 * KIB, length: 100 },
  ];
  const bootOf = (folder: string, ranges = BOOT) => publishBoot({ folder, ranges }, context());

  it('adds its ranges, in order, each sector once and holes left out, and their content', async () => {
    const { file } = newDisk();
    const { folder } = await publish(raw(file), tempFolder());
    const description = unwrap(await bootOf(folder));
    const profile: unknown = JSON.parse(fs.readFileSync(path.join(folder, MASTER_FILES.bootProfile), 'utf8'));
    expect(profile).toEqual({
      formatVersion: 1,
      ranges: [
        [4 * MIB, 8 * KIB],
        [0, 72 * KIB],
        [4 * MIB + 8 * KIB, 512],
      ],
    });
    expect(description.bootProfile?.bootBytes).toBe(80 * KIB + 512);
    expect(description.bootPack?.uncompressedBytes).toBe(80 * KIB + 512);
    expect(unwrap(await findPublished(folder, systemClock)).description).toEqual(description);
    expect(await verify(folder)).toMatchObject({ problems: [] });
  });

  it('gives the same files for the same boot', async () => {
    const { file } = newDisk();
    const [first, second] = [await publish(raw(file), tempFolder()), await publish(raw(file), tempFolder())];
    unwrap(await bootOf(first.folder));
    unwrap(await bootOf(second.folder, [{ offset: 0, length: 512 }]));
    unwrap(await bootOf(second.folder));
    expect(filesIn(second.folder)).toEqual(filesIn(first.folder));
  });

  it('that read nothing but holes is refused', async () => {
    const { file } = newDisk();
    const { folder } = await publish(raw(file), tempFolder());
    expect(await bootOf(folder, [{ offset: 2 * MIB, length: MIB }])).toMatchObject({
      failure: { code: 'invalid-argument' },
    });
  });

  it('leaves the description as it was when the disk is not what it says', async () => {
    const { file } = newDisk();
    const { folder, description } = await publish(raw(file), tempFolder());
    spoil(folder, 0);
    expect(await bootOf(folder)).toMatchObject({ failure: { code: 'source-changed' } });
    expect(unwrap(await findPublished(folder, systemClock)).description).toEqual(description);
  });

  it.each([
    ['boot.json', 10, 'it has another SHA-256'],
    ['boot.pack', 5, 'the boot pack is damaged: magic'],
    ['boot.pack', 70, 'its head has another SHA-256'],
    ['boot.pack', -1, 'a frame has another SHA-256'],
  ])('is found damaged when a byte of %s is wrong', async (name, position, message) => {
    const { file } = newDisk();
    const { folder } = await publish(raw(file), tempFolder());
    unwrap(await bootOf(folder));
    const damaged = fs.readFileSync(path.join(folder, name));
    const at = position < 0 ? damaged.length + position : position;
    damaged[at] = (damaged[at] ?? 0) ^ 1;
    fs.writeFileSync(path.join(folder, name), damaged);
    expect((await verify(folder)).problems).toMatchObject([
      { file: name, message: expect.stringContaining(message) as string },
    ]);
  });

  it('whose pack was made of another content is found out', async () => {
    const { file } = newDisk();
    const out = tempFolder();
    const { folder, description } = await publish(raw(file), out);
    const pack = NodeFile.create(path.join(folder, MASTER_FILES.bootPack));
    const other = MemoryDevice.of(new Uint8Array(description.lengthBytes).fill(9));
    const range = { offset: 0, length: 4 * KIB };
    const bootPack = unwrap(await writePack(other, description.sha256, [range], unwrap(pack)));
    unwrap(await writeDescription(folder, { ...description, bootPack }));
    expect((await verify(folder)).problems).toMatchObject([
      { file: 'boot.pack', message: 'it holds other bytes than the disk for the 4096 at 0' },
    ]);
  });
});

describe('verifying a published master', () => {
  async function published() {
    const { file } = newDisk();
    return publish(raw(file), tempFolder());
  }

  it('finds nothing where all is as described, in its folder and on a server', async () => {
    const { folder, description } = await published();
    const server = await serve(path.dirname(path.dirname(folder)));
    const addresses = [
      folder,
      path.join(folder, 'master.json'),
      `${server.url}masters/${description.sha256}/`,
    ];
    for (const location of addresses) {
      expect(await verify(location)).toMatchObject({ problems: [], problemCount: 0 });
    }
  });

  it('names the chunks that are wrong, holes included', async () => {
    const { folder } = await published();
    spoil(folder, 70 * KIB);
    spoil(folder, 2 * MIB + 5);
    expect(await verify(folder)).toMatchObject({
      problems: [
        { file: 'disk.raw', offset: CHUNK_BYTES, message: 'the 65536 bytes have another SHA-256' },
        { file: 'disk.raw', offset: 2 * MIB, message: 'the 65536 bytes have another SHA-256' },
        { file: 'disk.raw', offset: null, message: 'it has another SHA-256 as a whole' },
      ],
      problemCount: 3,
    });
  });

  it('notices a manifest that is wrong, cut short or missing, and a disk of another length', async () => {
    const { folder } = await published();
    const chunks = path.join(folder, MASTER_FILES.chunks);
    const right = fs.readFileSync(chunks);
    const wrong = Buffer.from(right);
    wrong[100] = (wrong[100] ?? 0) ^ 1;
    fs.writeFileSync(chunks, wrong);
    const only = async () => (await verify(folder)).problems.map(({ file }) => file);
    expect(await only()).toEqual(['chunks.bin']);
    fs.writeFileSync(chunks, right.subarray(0, 80));
    expect(await only()).toEqual(['chunks.bin']);
    fs.rmSync(chunks);
    expect(await only()).toEqual(['chunks.bin']);
    fs.writeFileSync(chunks, right);
    fs.truncateSync(path.join(folder, MASTER_FILES.disk), MIB);
    expect(await only()).toEqual(['disk.raw']);
  });

  it('tells of no more than a hundred problems, and how many there are', async () => {
    const file = path.join(tempFolder(), 'disk.raw');
    writeRaw(file, 150 * CHUNK_BYTES);
    const { folder } = await publish(raw(file), tempFolder());
    for (let chunk = 0; chunk < 150; chunk++) spoil(folder, chunk * CHUNK_BYTES);
    const { problems, problemCount } = await verify(folder);
    expect([problems.length, problemCount]).toEqual([100, 151]);
  });

  it('can be cancelled', async () => {
    const { folder } = await published();
    const master = unwrap(await findPublished(folder, systemClock));
    const abort = new AbortController();
    abort.abort();
    expect(await verifyMaster({ master }, context(abort.signal))).toMatchObject({
      failure: { code: 'cancelled' },
    });
  });
});

describe('the description of a published master', () => {
  it('is found by the folder, the description or the disk, on a server as well', async () => {
    const { file } = newDisk();
    const out = tempFolder();
    const { folder, description } = await publish(raw(file), out);
    const server = await serve(out);
    const url = `${server.url}masters/${description.sha256}`;
    for (const location of [folder, `${folder}/`, `${folder}/master.json`, `${folder}/disk.raw`]) {
      expect(unwrap(await findPublished(location, systemClock))).toEqual({ description, sources: [folder] });
    }
    for (const location of [url, `${url}/`, `${url}/master.json`, `${url}/disk.raw`]) {
      expect(unwrap(await findPublished(location, systemClock))).toEqual({
        description,
        sources: [`${url}/`],
      });
    }
  });

  it.each([
    ['no JSON', 'hello', 'is not JSON'],
    ['no description', '{"formatVersion":1}', 'does not describe a master'],
    ['too long', ' '.repeat(70 * KIB), 'is too long'],
    ['another master', null, 'describes another master than its folder is named by'],
  ])('is refused when it is %s', async (_what, text, message) => {
    const { file } = newDisk();
    const { folder, description } = await publish(raw(file), tempFolder());
    const other = JSON.stringify({ ...description, sha256: createHash('sha256').digest('hex') });
    fs.writeFileSync(path.join(folder, MASTER_FILES.description), text ?? other);
    const found = await findPublished(folder, systemClock);
    expect(found).toMatchObject({
      failure: { code: 'malformed', message: expect.stringContaining(message) as string },
    });
  });
});

describe('checking a published state', () => {
  it.each<[string, (lengthBytes: number) => number]>([
    ['in its head', () => 100],
    ['in its content', () => 300_000],
    ['in the hashes of its pieces', (lengthBytes) => lengthBytes - 1],
  ])('finds one byte that is another %s', async (_, placeIn) => {
    const { folder } = await publishWithState(new Uint8Array(MIB).fill(1));
    expect(await verify(folder)).toMatchObject({ problemCount: 0 });
    const file = path.join(folder, MASTER_FILES.state);
    const bytes = fs.readFileSync(file);
    const place = placeIn(bytes.length);
    bytes.writeUInt8(bytes.readUInt8(place) ^ 1, place);
    fs.writeFileSync(file, bytes);
    expect((await verify(folder)).problems).toMatchObject([{ file: MASTER_FILES.state }]);
  });
});
