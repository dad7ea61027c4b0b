import type { Clock } from '../../../../../shared/clock.ts';
import { err, ok, type Result } from '../../../../../shared/result.ts';
import type { BlockDevice } from '../../../../block/device.ts';
import { QedDevice } from '../../../../qed/device.ts';
import { followChain } from '../../../../storage/chain/follow.ts';
import { localPath } from '../../../../storage/chain/location.ts';
import { openChain } from '../../../../storage/chain/open.ts';
import { CopyOnReadDevice } from '../../../../streaming/copy-on-read/copy-on-read-device.ts';
import { chooseFormat } from '../../image/format-choice.ts';
import { locationProblem, withoutName } from '../../image/open-image.ts';
import { checkSettings, type DiskSettings } from './disk-settings.ts';
import { SectorDevice } from './sector-device.ts';
import { temporaryOverlay } from './snapshot.ts';

export interface OpenedImage {
  /** The image itself. */
  readonly image: QedDevice | SectorDevice;
  /** What requests go to: the image, or what stores in it what they read. */
  readonly guest: BlockDevice;
  /** What the user should know about how the format was chosen. */
  readonly note: string | undefined;
}

/** Opens an image with what is behind it. Failures use QEMU's words where it knows the case. */
export async function openImage(settings: DiskSettings, clock: Clock): Promise<Result<OpenedImage>> {
  const { location, readOnly, snapshot, copyOnRead } = settings;
  const valid = checkSettings(settings);
  if (!valid.ok) return valid;
  const name = location ?? '';
  const problem = locationProblem(name);
  if (problem !== null) return err('invalid-argument', problem);
  const format = chooseFormat(name, settings.format);
  if (!format.ok) return format;
  const path = localPath(name);
  const chain = await followChain(path, format.value.format, clock);
  if (!chain.ok) return withoutName(chain, path);
  const opened = await openChain(chain.value, { clock, readOnly: readOnly || snapshot });
  if (!opened.ok) return withoutName(opened, path);
  const base = opened.value instanceof QedDevice ? opened.value : new SectorDevice(opened.value);
  const image = snapshot ? await temporaryOverlay(base, clock) : ok(base);
  if (!image.ok) {
    await base.close();
    return image;
  }
  const stores = copyOnRead && image.value instanceof QedDevice;
  const guest = stores ? new CopyOnReadDevice(image.value, { clock }) : image.value;
  return ok({ image: image.value, guest, note: format.value.note });
}
