import { describe, expect, it } from 'vitest';
import { unwrap } from '../../shared/result.ts';
import { MemoryFile } from '../../test/support/memory-file.ts';
import { describeBlockDevice } from './device.conformance.ts';
import { RawDevice } from './raw.ts';

describeBlockDevice('raw', { make: async (content) => unwrap(await RawDevice.open(MemoryFile.of(content))) });
describeBlockDevice('read-only raw', {
  make: async (content) => unwrap(await RawDevice.open(MemoryFile.of(content, { readOnly: true }))),
});

describe('a raw disk', () => {
  it('syncs its file when it is flushed and when it is closed', async () => {
    let syncs = 0;
    const before = ({ kind }: { kind: string }) => {
      if (kind === 'sync') syncs++;
      return null;
    };
    const disk = unwrap(await RawDevice.open(MemoryFile.of(new Uint8Array(512), { before })));
    unwrap(await disk.flush());
    expect(syncs).toBe(1);
    unwrap(await disk.close());
    expect(syncs).toBe(2);
  });

  it('tells when its file was cut while it was open', async () => {
    const file = MemoryFile.of(new Uint8Array(4096));
    const disk = unwrap(await RawDevice.open(file));
    unwrap(await file.setLength(1000));
    expect(await disk.read(0, new Uint8Array(2000))).toMatchObject({
      failure: { code: 'io', message: expect.stringContaining('ends at 1000') as string },
    });
  });

  it('grows and shrinks with its file', async () => {
    const file = MemoryFile.of(new Uint8Array(4096));
    const disk = unwrap(await RawDevice.open(file));
    unwrap(await disk.resize(10_000));
    expect([disk.lengthBytes, unwrap(await file.length())]).toEqual([10_000, 10_000]);
    unwrap(await disk.resize(100));
    expect([disk.lengthBytes, unwrap(await file.length())]).toEqual([100, 100]);
  });
});
