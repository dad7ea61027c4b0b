import { describe, expect, it } from 'vitest';
import { err, ok, unwrap, type Result } from '../../../shared/result.ts';
import type { BlockDevice } from '../../block/device.ts';
import { MemoryDevice } from '../../../test/support/memory-device.ts';
import { DeferredSource } from './deferred-source.ts';

const UNREACHABLE = err('source-unreachable', 'nobody answers');

function master(lengthBytes: number): MemoryDevice {
  return MemoryDevice.of(new Uint8Array(lengthBytes).fill(7));
}

describe('a source that is opened when it is first needed', () => {
  it('is not asked for anything before the first read', async () => {
    let opened = 0;
    const source = new DeferredSource('http://host/disk', 4096, async () => {
      opened++;
      return ok(master(4096));
    });
    unwrap(await source.extentAt(0, 4096));
    expect(opened).toBe(0);
    unwrap(await source.read(0, new Uint8Array(10)));
    unwrap(await source.read(0, new Uint8Array(10)));
    expect(opened).toBe(1);
  });

  it('fails each read as opening fails, and works once the source is there', async () => {
    const answers: Result<BlockDevice>[] = [UNREACHABLE, UNREACHABLE, ok(master(4096))];
    const source = new DeferredSource('http://host/disk', 4096, async () => answers.shift() ?? UNREACHABLE);
    expect(await source.read(0, new Uint8Array(1))).toEqual(UNREACHABLE);
    expect(await source.read(0, new Uint8Array(1))).toEqual(UNREACHABLE);
    const target = new Uint8Array(1);
    unwrap(await source.read(0, target));
    expect(target[0]).toBe(7);
  });

  it('shares one attempt between reads that come together', async () => {
    let opened = 0;
    const source = new DeferredSource('http://host/disk', 4096, async () => {
      opened++;
      await Promise.resolve();
      return ok(master(4096));
    });
    await Promise.all([source.read(0, new Uint8Array(1)), source.read(1, new Uint8Array(1))]);
    expect(opened).toBe(1);
  });

  it('reads as zeroes where the source turns out to be shorter than the overlay', async () => {
    const source = new DeferredSource('http://host/disk', 4096, async () => ok(master(1000)));
    const target = new Uint8Array(20).fill(1);
    unwrap(await source.read(990, target));
    expect([...target]).toEqual([...Array<number>(10).fill(7), ...Array<number>(10).fill(0)]);
  });

  it('closes what it opened', async () => {
    const opened = master(4096);
    const source = new DeferredSource('http://host/disk', 4096, async () => ok(opened));
    unwrap(await source.read(0, new Uint8Array(1)));
    unwrap(await source.close());
    expect(await opened.read(0, new Uint8Array(1))).toMatchObject({ failure: { code: 'closed' } });
  });
});
