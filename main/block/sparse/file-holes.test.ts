import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { unwrap } from '../../../shared/result.ts';
import { KIB, MIB } from '../../../shared/units.ts';
import { tempFolder } from '../../../test/support/temp-folder.ts';
import { describeBlockDevice } from '../device.conformance.ts';
import { NodeFile } from '../node-file.ts';
import { RawDevice } from '../raw.ts';

const LENGTH_BYTES = 8 * MIB;
const STORED = [
  [1 * MIB, 64 * KIB],
  [5 * MIB, 1 * MIB],
] as const;

function sparseFile(): string {
  const file = path.join(tempFolder(), 'disk.raw');
  const fd = fs.openSync(file, 'w');
  fs.ftruncateSync(fd, LENGTH_BYTES);
  for (const [offset, length] of STORED) fs.writeSync(fd, Buffer.alloc(length, 7), 0, length, offset);
  fs.closeSync(fd);
  return file;
}

async function opened(file: string, readOnly = false): Promise<RawDevice> {
  const disk = unwrap(await RawDevice.open(unwrap(NodeFile.open(file, { readOnly }))));
  onTestFinished(async () => {
    unwrap(await disk.close());
  });
  return disk;
}

/** The runs of the whole disk as `[start, end, kind]`, neighbours of one kind as one. */
async function mapOf(disk: RawDevice): Promise<[number, number, string][]> {
  const runs: [number, number, string][] = [];
  for (let offset = 0; offset < disk.lengthBytes;) {
    const { length, kind } = unwrap(await disk.extentAt(offset, disk.lengthBytes - offset));
    const last = runs.at(-1);
    if (last?.[2] === kind) last[1] += length;
    else runs.push([offset, offset + length, kind]);
    offset += length;
  }
  return runs;
}

const AS_MADE = [
  [0, MIB, 'zero'],
  [MIB, MIB + 64 * KIB, 'data'],
  [MIB + 64 * KIB, 5 * MIB, 'zero'],
  [5 * MIB, 6 * MIB, 'data'],
  [6 * MIB, LENGTH_BYTES, 'zero'],
];

describeBlockDevice('a sparse raw file', {
  make: async (content) => {
    const file = path.join(tempFolder(), 'disk.raw');
    fs.writeFileSync(file, '');
    fs.truncateSync(file, content.length);
    const disk = unwrap(await RawDevice.open(unwrap(NodeFile.open(file, { readOnly: false }))));
    unwrap(await disk.write(0, content));
    return disk;
  },
});

describe.runIf(process.platform === 'linux')('the holes of a raw image', () => {
  it.each([true, false])('are told, read-only or not (%s), where the system knows them', async (readOnly) => {
    const disk = await opened(sparseFile(), readOnly);
    expect(await mapOf(disk)).toEqual(AS_MADE);
    expect(await disk.knowsHoles()).toBe(true);
  });

  it('are told from any offset, and no further than was asked', async () => {
    const disk = await opened(sparseFile());
    expect(unwrap(await disk.extentAt(MIB - 1, 1))).toEqual({ offset: MIB - 1, length: 1, kind: 'zero' });
    expect(unwrap(await disk.extentAt(MIB + 5, 100))).toMatchObject({ length: 100, kind: 'data' });
    expect(unwrap(await disk.extentAt(6 * MIB - 1, MIB))).toMatchObject({ length: 1, kind: 'data' });
  });

  it('end where this program writes, with the 64 KiB around it', async () => {
    const disk = await opened(sparseFile());
    await mapOf(disk);
    unwrap(await disk.write(3 * MIB + 100, Buffer.alloc(8, 1)));
    unwrap(await disk.write(7 * MIB - 1, Buffer.alloc(2, 1)));
    expect(await mapOf(disk)).toEqual([
      ...AS_MADE.slice(0, 2),
      [MIB + 64 * KIB, 3 * MIB, 'zero'],
      [3 * MIB, 3 * MIB + 64 * KIB, 'data'],
      [3 * MIB + 64 * KIB, 5 * MIB, 'zero'],
      [5 * MIB, 6 * MIB, 'data'],
      [6 * MIB, 7 * MIB - 64 * KIB, 'zero'],
      [7 * MIB - 64 * KIB, 7 * MIB + 64 * KIB, 'data'],
      [7 * MIB + 64 * KIB, LENGTH_BYTES, 'zero'],
    ]);
  });

  it('stay where zeroes are written, beside what becomes zero', async () => {
    const file = sparseFile();
    const disk = await opened(file);
    unwrap(await disk.writeZeroes(0, 6 * MIB - 100));
    const read = new Uint8Array(LENGTH_BYTES);
    unwrap(await disk.read(0, read));
    expect(Buffer.compare(read.subarray(0, 6 * MIB - 100), Buffer.alloc(6 * MIB - 100))).toBe(0);
    expect([...read.subarray(6 * MIB - 101, 6 * MIB - 98)]).toEqual([0, 7, 7]);
    unwrap(await disk.flush());
    expect(fs.statSync(file).blocks * 512).toBeLessThan(2 * MIB);
  });

  it('are no holes while they are written, however soon that is asked', async () => {
    const disk = await opened(sparseFile());
    const asked = disk.extentAt(3 * MIB, 4 * KIB);
    unwrap(await disk.write(3 * MIB, Buffer.alloc(4 * KIB, 1)));
    expect(unwrap(await asked).kind).toBe('data');
  });

  it('are asked for anew when another program has written the file', async () => {
    const file = sparseFile();
    const disk = await opened(file, true);
    await mapOf(disk);
    const fd = fs.openSync(file, 'r+');
    fs.writeSync(fd, Buffer.alloc(64 * KIB, 9), 0, 64 * KIB, 3 * MIB);
    fs.closeSync(fd);
    expect(unwrap(await disk.extentAt(3 * MIB, MIB))).toMatchObject({ length: 64 * KIB, kind: 'data' });
  });

  it('are those of the file that is open, not of one that took its name', async () => {
    const file = sparseFile();
    const disk = await opened(file, true);
    fs.renameSync(file, `${file}.old`);
    fs.writeFileSync(file, '');
    fs.truncateSync(file, LENGTH_BYTES);
    expect(await mapOf(disk)).toEqual(AS_MADE);
  });

  it('are asked for anew when the file has another length', async () => {
    const disk = await opened(sparseFile());
    await mapOf(disk);
    unwrap(await disk.resize(6 * MIB));
    unwrap(await disk.resize(LENGTH_BYTES));
    expect(await mapOf(disk)).toEqual(AS_MADE);
  });

  it("are nobody's when the image is closed while they are looked for", async () => {
    const disk = await opened(sparseFile());
    const asked = disk.extentAt(3 * MIB, 4 * KIB);
    unwrap(await disk.close());
    expect(unwrap(await asked)).toMatchObject({ length: 4 * KIB });
    expect(await disk.extentAt(0, 1)).toMatchObject({ ok: false, failure: { code: 'closed' } });
  });

  it('are not asked for where there are none', async () => {
    const file = path.join(tempFolder(), 'full.raw');
    fs.writeFileSync(file, Buffer.alloc(2 * MIB, 1));
    const disk = await opened(file);
    expect(await disk.knowsHoles()).toBe(false);
    expect(await mapOf(disk)).toEqual([[0, 2 * MIB, 'data']]);
  });
});
