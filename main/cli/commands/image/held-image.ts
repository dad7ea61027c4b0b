import { systemClock } from '../../../../shared/clock.ts';
import { ok, type Result } from '../../../../shared/result.ts';
import type { BlockDevice } from '../../../block/device.ts';
import type { BlockFile } from '../../../block/file.ts';
import { NodeFile } from '../../../block/node-file.ts';
import { RawDevice } from '../../../block/raw.ts';
import { QedDevice } from '../../../qed/device.ts';
import { QedImage } from '../../../qed/image.ts';
import type { ImageChain } from '../../../storage/chain/image-chain.ts';
import { localPath } from '../../../storage/chain/location.ts';
import { lockImage } from '../../../storage/lock/image-lock.ts';
import { openLayers, withoutName } from './open-image.ts';
import { UnsyncedFile } from './unsynced-file.ts';

/**
 * The right to write an image, held across several ways of opening it, so that nobody else comes in between: to read
 * what is to be moved out of an image and then empty it, or to write without waiting for the disk.
 */
export class HeldImage {
  readonly #path: string;
  readonly #unlock: () => void;

  private constructor(path: string, unlock: () => void) {
    this.#path = path;
    this.#unlock = unlock;
  }

  static hold(location: string): Result<HeldImage> {
    const path = localPath(location);
    // Opening tells what is wrong with the name in plainer words than the lock would.
    const there = NodeFile.open(path, { readOnly: false });
    if (!there.ok) return there;
    void there.value.close();
    const lock = lockImage(path);
    return lock.ok ? ok(new HeldImage(path, lock.value)) : lock;
  }

  release(): void {
    this.#unlock();
  }

  openFile(): Result<BlockFile> {
    return NodeFile.open(this.#path, { readOnly: false });
  }

  /**
   * Opens the image for reading and writing, and what is behind it for reading.
   * @param durable false: nothing waits for the disk
   */
  async open(chain: ImageChain, durable = true): Promise<Result<BlockDevice>> {
    const opened = this.openFile();
    if (!opened.ok) return opened;
    const file = durable ? opened.value : new UnsyncedFile(opened.value);
    const device = chain.format === 'raw' ? await RawDevice.open(file) : await openQed(file, chain.backing);
    if (device.ok) return device;
    await file.close();
    return withoutName(device, chain.location);
  }
}

async function openQed(file: BlockFile, backing: ImageChain | null): Promise<Result<QedDevice>> {
  const image = await QedImage.open(file, { clock: systemClock });
  if (!image.ok) return image;
  const behind = backing && image.value.backing ? await openLayers(backing, true) : null;
  if (behind?.ok === false) return behind;
  return ok(new QedDevice(image.value, behind?.value.device ?? null));
}
