import fs from 'node:fs';
import { systemClock } from '../../../../shared/clock.ts';
import { DONE, err, type Result } from '../../../../shared/result.ts';
import type { InstalledAppliance } from '../../../appliances/built-appliances.ts';
import { failureFromSystem } from '../../../block/errno.ts';
import { QedDevice } from '../../../qed/device.ts';
import type { ImageChain } from '../../../storage/chain/image-chain.ts';
import { identityOf, resolveBacking } from '../../../storage/chain/location.ts';
import { openChain } from '../../../storage/chain/open.ts';
import { lockImage } from '../../../storage/image-lock.ts';
import { createOverlay } from '../../../storage/overlays/create-overlay.ts';

/** Makes sure that there is an overlay of this appliance at `location`, a new one where `fresh` asks for it. */
export async function prepareOverlay(
  location: string,
  appliance: InstalledAppliance,
  fresh: boolean,
): Promise<Result<void>> {
  if (fs.existsSync(location)) {
    if (!fresh) return checkMaster(location, appliance);
    const aside = setAside(location);
    if (!aside.ok) return aside;
  }
  // Named by its file, whichever way it is reached today: a simulated line has another address each time.
  const backing: ImageChain = { location: appliance.masterPath, format: 'raw', backing: null };
  const overlay = { location, format: 'qed', backing } as const;
  return createOverlay(overlay, appliance.description.disk.sizeBytes);
}

function setAside(location: string): Result<void> {
  const old = `${location}.old`;
  if (fs.existsSync(old))
    return err('already-exists', `'${old}' exists already; remove it or rename it first`);
  const lock = lockImage(location, 'allowed');
  if (!lock.ok) return lock;
  try {
    fs.renameSync(location, old);
    return DONE;
  } catch (error) {
    return failureFromSystem(error, `Could not set '${location}' aside`);
  } finally {
    lock.value();
  }
}

/** An overlay over another master than its own is a ruin: half of one disk and half of another. */
async function checkMaster(
  location: string,
  { description, masterPath }: InstalledAppliance,
): Promise<Result<void>> {
  const chain: ImageChain = { location, format: 'qed', backing: null };
  const opened = await openChain(chain, { clock: systemClock, readOnly: true });
  if (!opened.ok) return opened;
  const reference = opened.value instanceof QedDevice ? opened.value.image.backing : null;
  await opened.value.close();
  if (reference === null) return DONE;
  const backing = resolveBacking(location, reference.name);
  if (identityOf(backing) === identityOf(masterPath)) return DONE;
  return err(
    'invalid-argument',
    `'${location}' is an overlay of '${backing}', not of the master of ${description.name} ('${masterPath}'); ` +
      `give another one with --disk, or start over with --fresh`,
  );
}
