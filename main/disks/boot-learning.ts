import { bootBytesOf, bootProfileOf } from '../../shared/boot-profile.ts';
import { ok, type Result } from '../../shared/result.ts';
import type { Range } from '../block/range.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { BootProfileRow } from '../catalog/tables/boot-profiles.ts';
import type { BootEnd } from '../streaming/order/boot-watch.ts';
import type { DiskRows } from './disk-rows.ts';

/**
 * Whether a boot of this disk could teach anything of its master: nothing is known of it yet, or only what was read
 * until the guest fell quiet, which need not have been a whole boot.
 */
export function wantsBoot(catalog: Catalog, { masters, row }: DiskRows): boolean {
  const [master] = masters;
  if (master === undefined || row.kind === 'linked') return false;
  const known = catalog.read(({ bootProfiles }) => bootProfiles.find(master.id));
  return known.ok && isProvisional(known.value);
}

/** @returns the master of which something new is known; null when what was known already is better */
export function learnBoot(
  catalog: Catalog,
  { masters }: DiskRows,
  ranges: readonly Range[],
  end: BootEnd,
  nowMs: number,
): Result<string | null> {
  const profile = bootProfileOf(ranges);
  const [master] = masters;
  if (profile === null || master === undefined) return ok(null);
  return catalog.change(({ bootProfiles, masters: known, surveys }) => {
    const before = bootProfiles.find(master.id);
    const longer = before === null || bootBytesOf(profile) > bootBytesOf(before.profile);
    if (known.find(master.id) === null || !isProvisional(before) || (end === 'quiet' && !longer)) return null;
    bootProfiles.put({ masterId: master.id, origin: end, profile, recordedMs: nowMs });
    surveys.forgetBoot(master.id);
    return master.id;
  });
}

function isProvisional(known: BootProfileRow | null): boolean {
  return known === null || known.origin === 'quiet';
}
