import { randomUUID } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Clock } from '../../../../../shared/clock.ts';
import { because, ok, type Result } from '../../../../../shared/result.ts';
import type { BlockDevice } from '../../../../block/device.ts';
import { NodeFile } from '../../../../block/node-file.ts';
import { createQed } from '../../../../qed/create.ts';
import { QedDevice } from '../../../../qed/device.ts';
import { QedImage } from '../../../../qed/image.ts';

/** Puts an overlay over `base` whose file has no name any more, so that it is gone when it is closed. Owns `base`. */
export async function temporaryOverlay(base: BlockDevice, clock: Clock): Promise<Result<QedDevice>> {
  const filePath = path.join(os.tmpdir(), `headwater-${randomUUID()}.qed`);
  const file = NodeFile.create(filePath, { exclusive: true });
  if (!file.ok) return because('Could not create a temporary overlay', file);
  // Removed at once: whatever ends the program, nothing stays behind.
  fs.rmSync(filePath, { force: true });
  // The name is never followed: the device behind it is already open.
  const backing = { name: base.name, raw: true };
  const created = await createQed(file.value, { imageBytes: base.lengthBytes, backing });
  const image = created.ok ? await QedImage.open(file.value, { clock }) : created;
  if (image.ok) return ok(new QedDevice(image.value, base));
  await file.value.close();
  return because('Could not create a temporary overlay', image);
}
