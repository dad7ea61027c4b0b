import { err, ok, type Result } from '../../../../shared/result.ts';
import { masterChain } from '../../../disks/overlay-chain.ts';
import { withCatalog, hasCatalog } from '../../app-catalog.ts';
import { pickAppliance } from '../../pick-appliance.ts';
import type { Terminal } from '../../terminal.ts';
import { overlayNameOf, type RunTarget } from './run-target.ts';

/** An appliance of the catalog of the desktop app, by its id or name; null where there is no catalog at all. */
export async function findInCatalog(word: string, terminal: Terminal): Promise<Result<RunTarget> | null> {
  if (!hasCatalog()) return null;
  return withCatalog(terminal, async ({ appliances, boots }) => {
    const picked = pickAppliance(await appliances.list(), word);
    if (!picked.ok) return picked;
    const resolved = await appliances.resolve(picked.value.id);
    if (!resolved.ok) return resolved;
    const { appliance, master } = resolved.value;
    const layer = masterChain([master]);
    if (layer === null) return err('not-found', `'${picked.value.name}' has no master`);
    await boots.look();
    const { name, memoryMiB, loginHint, ...made } = appliance.description;
    const overlayName = overlayNameOf(appliance.id, master.sha256 ?? master.id);
    return ok({
      name,
      overlayName,
      memoryMiB,
      loginHint,
      made,
      diskBytes: master.lengthBytes,
      master: layer,
    });
  });
}
