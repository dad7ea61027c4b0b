import { describe, expect, it } from 'vitest';
import { unwrap } from '../../shared/result.ts';
import { ImageLog } from '../../test/support/logging-file.ts';
import { MemoryFile } from '../../test/support/memory-file.ts';
import { createdFile, openQed, readAll } from '../../test/support/qed-disk.ts';
import { createQed, type CreateOptions } from './create.ts';

const problemOf = async (options: CreateOptions) => {
  const created = await createQed(new MemoryFile(), options);
  return created.ok ? null : `${created.failure.code}: ${created.failure.message}`;
};
const overlay = { backing: { name: 'base.raw', raw: true } };

/** What begins where in an overlay of that size. */
const NAMES: Record<number, string> = { 0: 'header', 64: 'name', 65_536: 'L1' };

describe('creating an image', () => {
  it('makes the file that QEMU makes: header cluster and empty L1 table', async () => {
    const file = await createdFile({ imageBytes: 10 * 2 ** 20, backing: { name: 'b.raw', raw: true } });
    const bytes = file.content.toBytes();
    expect(bytes.length).toBe(327_680);
    expect(Buffer.from(bytes.subarray(0, 69)).toString('hex')).toBe(
      '514544000000010004000000010000000500000000000000' +
        '0000000000000000' +
        '0000000000000000' +
        '00000100000000000000a0000000000040000000050000' +
        '00622e726177',
    );
    expect(bytes.subarray(69).every((byte) => byte === 0)).toBe(true);
  });

  it.each([
    [0, 0],
    [1, 512],
    [512, 512],
    [1_000_000, 1_000_448],
  ])('rounds a size of %d up to %d', async (imageBytes, rounded) => {
    const device = await openQed(await createdFile({ imageBytes }));
    expect(device.lengthBytes).toBe(rounded);
    expect((await readAll(device)).every((byte) => byte === 0)).toBe(true);
  });

  it('takes every cluster and table size whose addresses fit 64 bits, with the largest disk each', async () => {
    for (let clusterBytes = 4096; clusterBytes <= 2 ** 26; clusterBytes *= 2) {
      for (let tableClusters = 1; tableClusters <= 16; tableClusters *= 2) {
        const most = ((clusterBytes * tableClusters) / 8) ** 2 * clusterBytes;
        const imageBytes = Math.min(most, 2 ** 53 - 512);
        const problem = await problemOf({ imageBytes, clusterBytes, tableClusters });
        // QEMU computes the limit in 64 bits and gets 0: it could not open such an image.
        if (most >= 2 ** 64) expect(problem).toMatch('less than 0 bytes');
        else expect(problem).toBeNull();
        if (most < 2 ** 53) {
          expect(await problemOf({ imageBytes: most + 1, clusterBytes, tableClusters })).toBe(
            `invalid-argument: QED image size must be a non-zero multiple of cluster size and less than ${most} bytes`,
          );
        }
      }
    }
  });

  it('refuses sizes in the words of QEMU', async () => {
    const cluster = 'invalid-argument: QED cluster size must be within range [4096, 67108864] and power of 2';
    const table = 'invalid-argument: QED table size must be within range [1, 16] and power of 2';
    for (const clusterBytes of [0, 2048, 5000, 2 ** 27]) {
      expect(await problemOf({ imageBytes: 512, clusterBytes })).toBe(cluster);
    }
    for (const tableClusters of [0, 3, 32]) {
      expect(await problemOf({ imageBytes: 512, tableClusters })).toBe(table);
    }
    for (const imageBytes of [-512, Number.NaN, 2 ** 53, 0.5]) {
      expect(await problemOf({ imageBytes })).toMatch('QED image size must be');
    }
  });

  it('writes the flags for copy-on-read and streaming, which need a backing file and each other', async () => {
    const plain = await openQed(await createdFile({ imageBytes: 512, ...overlay }));
    expect(plain.image.header.compatFeatures).toBe(0n);
    const both = await openQed(
      await createdFile({ imageBytes: 512, ...overlay, copyOnRead: true, stream: true }),
    );
    expect([both.image.hasCompatFeature('COPY_ON_READ'), both.image.hasCompatFeature('STREAM')]).toEqual([
      true,
      true,
    ]);
    expect(await problemOf({ imageBytes: 512, copyOnRead: true })).toMatch(
      'only supports copy_on_read with a backing',
    );
    expect(await problemOf({ imageBytes: 512, ...overlay, stream: true })).toMatch(
      'together with copy_on_read',
    );
  });

  it('says of a backing file whether it is raw', async () => {
    for (const raw of [true, false]) {
      const device = await openQed(await createdFile({ imageBytes: 512, backing: { name: 'b', raw } }));
      expect(device.image.backing).toEqual({ name: 'b', raw });
    }
  });

  it('takes backing names of up to 4095 bytes, with as many header clusters as they need', async () => {
    const name = 'ü'.repeat(2047) + 'x';
    const device = await openQed(
      await createdFile({ imageBytes: 512, clusterBytes: 4096, backing: { name, raw: false } }),
    );
    expect(device.image.header).toMatchObject({
      headerClusters: 2,
      l1TableOffset: 8192,
      backingNameBytes: 4095,
    });
    expect(device.image.backing).toEqual({ name, raw: false });
    for (const bad of ['', 'a\0b', name + 'y']) {
      expect(await problemOf({ imageBytes: 512, backing: { name: bad, raw: false } })).toMatch(
        'backing file name',
      );
    }
  });

  it('empties the file for good before it begins, and writes the header last', async () => {
    const log = new ImageLog((position) => NAMES[position]);
    const file = MemoryFile.of(new Uint8Array(10_000).fill(1), log.options);
    unwrap(await createQed(file, { imageBytes: 512, ...overlay }));
    expect(log.entries).toEqual([
      'length 0',
      'sync',
      'length 327680',
      'L1',
      'name',
      'sync',
      'header',
      'sync',
    ]);
  });

  it.each(['length 0', 'sync', 'length 327680', 'L1', 'name', 'header'])(
    'passes a failure of %s on',
    async (step) => {
      const log = new ImageLog((position) => NAMES[position]);
      log.failing.push(step);
      const created = await createQed(new MemoryFile(undefined, log.options), {
        imageBytes: 512,
        ...overlay,
      });
      expect(created).toMatchObject({ failure: { code: 'io', message: `injected: ${step}` } });
    },
  );
});
