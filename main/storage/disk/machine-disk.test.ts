import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { err, unwrap } from '../../../shared/result.ts';
import { connect, contentOf, newImages, specOf, Told } from '../../../test/support/disk-workbench.ts';
import type { ImageChain } from '../chain/image-chain.ts';
import type { DiskSpec } from './disk-spec.ts';
import { DiskThread } from './disk-thread.ts';
import { AUTO_STREAM_JOB, openMachineDisk, type MachineDisk } from './machine-disk.ts';

async function open(
  chain: ImageChain,
  stream: 'image' | 'off',
  options: Partial<DiskSpec> = {},
): Promise<MachineDisk & { told: Told }> {
  const told = new Told();
  const opened = unwrap(await openMachineDisk(specOf(chain, options), stream, told.listen));
  onTestFinished(async () => {
    await opened.disk.close();
  });
  return { ...opened, told };
}

const ASKS_FOR_IT = { copyOnRead: true, stream: true };

afterEach(() => {
  vi.restoreAllMocks();
});

describe('the disk of a machine', () => {
  it('streams by itself where the image asks for it', async () => {
    const { chain } = await newImages(ASKS_FOR_IT);
    const { disk, warning, told } = await open(chain, 'image');
    expect(warning).toBeNull();
    expect(await told.job('BLOCK_JOB_COMPLETED')).toMatchObject({
      event: { data: { device: AUTO_STREAM_JOB } },
    });
    expect(unwrap(await disk.status())).toMatchObject({ standalone: true });
    unwrap(await disk.close());
    const again = await open(chain, 'image');
    expect(unwrap(await again.disk.status()).job).toBeNull();
  });

  it('is still the disk that was named after reads and streaming, and no longer after a write', async () => {
    const stamp = 'ab'.repeat(16);
    const { chain } = await newImages(ASKS_FOR_IT);
    const first = await open(chain, 'off');
    unwrap(await first.disk.stampContent(stamp));
    await contentOf(first.disk);
    unwrap(await first.disk.close());
    const streaming = await open(chain, 'image');
    await streaming.told.job('BLOCK_JOB_COMPLETED');
    unwrap(await streaming.disk.close());
    const { disk } = await open(chain, 'off');
    expect(unwrap(await disk.status())).toMatchObject({ standalone: true, contentStamp: stamp });
    const guest = await connect(disk);
    unwrap(await guest.write(0, new Uint8Array(512)));
    expect(unwrap(await disk.status()).contentStamp).toBeNull();
  });

  it.each([
    { why: 'it was told not to', flags: ASKS_FOR_IT, stream: 'off', readOnly: false },
    { why: 'the image does not ask for it', flags: { copyOnRead: true }, stream: 'image', readOnly: false },
    { why: 'it is opened for reading', flags: ASKS_FOR_IT, stream: 'image', readOnly: true },
  ] as const)('does not stream where $why', async ({ flags, stream, readOnly }) => {
    const { chain } = await newImages(flags);
    const { disk, warning, told } = await open(chain, stream, { readOnly });
    expect(warning).toBeNull();
    expect(unwrap(await disk.status())).toMatchObject({ standalone: false, job: null });
    expect(told.events).toEqual([]);
  });

  it('works all the same where streaming does not start, and says why', async () => {
    const { chain } = await newImages(ASKS_FOR_IT);
    const busy = err('busy', 'Node is busy');
    vi.spyOn(DiskThread.prototype, 'startStream').mockResolvedValue(busy);
    const { disk, warning } = await open(chain, 'image');
    expect(warning).toEqual(busy.failure);
    expect(unwrap(await disk.status()).standalone).toBe(false);
  });

  it('is closed again where it cannot be asked', async () => {
    const { chain } = await newImages(ASKS_FOR_IT);
    const lost = err('closed', 'The thread of the disk has ended');
    vi.spyOn(DiskThread.prototype, 'status').mockResolvedValueOnce(lost);
    expect(await openMachineDisk(specOf(chain), 'image')).toEqual(lost);
    await open(chain, 'image');
  });
});
