import { systemClock } from '../../../../shared/clock.ts';
import type { PublishedMaster } from '../../../../shared/master.ts';
import { ok, type Result } from '../../../../shared/result.ts';
import { findBuiltAppliance } from '../../../appliances/built-appliances.ts';
import { isRemote } from '../../../storage/chain/location.ts';
import { publishedLayer } from '../../../storage/chain/published-master.ts';
import { appliancesFolder } from '../../places.ts';
import type { Terminal } from '../../terminal.ts';
import { overlayNameOf, type RunTarget } from './run-target.ts';

/** For a master of which nobody says how much its guest needs: what boots are recorded with. */
const USUAL_MEMORY_MIB = 256;

/** A master says nothing of its guest: whatever it is, it has a driver for this disk. */
const UNKNOWN_GUEST: RunTarget['made'] = { arch: 'i386', diskBus: 'ide' };

/**
 * What a user means by a word: an appliance that was built here; the `master.json` of a published master, or its folder,
 * by address or path; or an appliance of the catalog of the desktop app, by its id or name.
 */
export async function findTarget(word: string, terminal: Terminal): Promise<Result<RunTarget>> {
  if (isRemote(word) || word.includes('/') || word.endsWith('.json')) return findPublishedTarget(word);
  const built = findBuiltAppliance(appliancesFolder(), word);
  if (!built.ok) {
    const { findInCatalog } = await import('./catalog-target.ts');
    return (built.failure.code === 'not-found' ? await findInCatalog(word, terminal) : null) ?? built;
  }
  const { description, masterPath } = built.value;
  return ok({
    name: description.name,
    overlayName: overlayNameOf(description.id, description.disk.sha256),
    memoryMiB: description.memoryMiB,
    made: description,
    diskBytes: description.disk.sizeBytes,
    loginHint: description.loginHint,
    master: { location: masterPath, format: 'raw', backing: null },
  });
}

async function findPublishedTarget(location: string): Promise<Result<RunTarget>> {
  // Loaded only where it is needed: the schema library would cost the start of everything else too much.
  const { findPublished } = await import('../../../storage/chain/master-description.ts');
  const found = await findPublished(location, systemClock);
  return found.ok ? ok(publishedTarget(found.value)) : found;
}

function publishedTarget(published: PublishedMaster): RunTarget {
  const { sha256, lengthBytes, state } = published.description;
  return {
    name: sha256.slice(0, 12),
    overlayName: overlayNameOf('master', sha256),
    memoryMiB: state?.memoryMiB ?? USUAL_MEMORY_MIB,
    made: UNKNOWN_GUEST,
    diskBytes: lengthBytes,
    master: publishedLayer(published),
  };
}
