import fs from 'node:fs';
import { systemClock } from '../../../../shared/clock.ts';
import { MASTER_FILES } from '../../../../shared/master-files.ts';
import { DONE, err, type Result } from '../../../../shared/result.ts';
import { failureFromSystem } from '../../../../shared/errno.ts';
import { QedDevice } from '../../../qed/device.ts';
import type { ImageChain } from '../../../storage/chain/image-chain.ts';
import { identityOf, resolveBacking } from '../../../storage/chain/location.ts';
import { openChain } from '../../../storage/chain/open.ts';
import { lockImage } from '../../../storage/lock/image-lock.ts';
import { createOverlay } from '../../../storage/overlays/create-overlay.ts';
import { publishedContentStamp } from '../../../storage/saved-state/published-state.ts';
import type { RunTarget } from './run-target.ts';

/** Makes sure that there is an overlay of this appliance at `location`, a new one where `fresh` asks for it. */
export async function prepareOverlay(
  location: string,
  target: RunTarget,
  fresh: boolean,
): Promise<Result<void>> {
  if (fs.existsSync(location)) {
    if (!fresh) return checkMaster(location, target);
    const aside = setAside(location);
    if (!aside.ok) return aside;
  }
  // Named by its file, whichever way it is reached today: a simulated line has another address each time.
  const overlay = { location, format: 'qed', backing: target.master } as const;
  const described = target.master.published?.description;
  const contentStamp = described?.state === undefined ? null : publishedContentStamp(described);
  return createOverlay(overlay, target.diskBytes, { contentStamp });
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
async function checkMaster(location: string, { name, master }: RunTarget): Promise<Result<void>> {
  const chain: ImageChain = { location, format: 'qed', backing: null };
  const opened = await openChain(chain, { clock: systemClock, readOnly: true });
  if (!opened.ok) return opened;
  const reference = opened.value instanceof QedDevice ? opened.value.image.backing : null;
  await opened.value.close();
  if (reference === null) return DONE;
  const backing = resolveBacking(location, reference.name);
  if (identityOf(backing) === identityOf(master.location)) return DONE;
  // Published masters are known by their hash, wherever they lie today.
  const { published } = master;
  if (published !== undefined && backing.endsWith(`/${published.description.sha256}/${MASTER_FILES.disk}`)) {
    return DONE;
  }
  return err(
    'invalid-argument',
    `'${location}' is an overlay of '${backing}', not of the master of ${name} ('${master.location}'); ` +
      `give another one with --disk, or start over with --fresh`,
  );
}
