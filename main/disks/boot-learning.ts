import {
  bootBytesOf,
  bootProfileOf,
  stretchesOf,
  type BootProfileDocument,
} from '../../shared/boot-profile.ts';
import { ok, type Result } from '../../shared/result.ts';
import type { Range } from '../block/range.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { BootProfileRow } from '../catalog/tables/boot-profiles.ts';
import { BootRecorder } from '../streaming/order/boot-recorder.ts';
import type { BootEnd } from '../streaming/order/boot-watch.ts';
import type { DiskRows } from './disk-rows.ts';

/**
 * Whether a boot of this disk could teach anything of its master: nothing is known of it yet, or only what was read
 * until the guest fell quiet, which need not have been a whole boot. What a machine reads that was started before is not
 * only what its master has: it completes what is known of that.
 */
export function wantsBoot(catalog: Catalog, { masters, row }: DiskRows, isFirst: boolean): boolean {
  const [master] = masters;
  if (master === undefined || row.kind === 'linked') return false;
  const known = catalog.read(({ bootProfiles }) => bootProfiles.find(master.id));
  return known.ok && isProvisional(known.value) && (isFirst || known.value !== null);
}

/** @returns the master of which something new is known; null when what was known already is better */
export function learnBoot(
  catalog: Catalog,
  { masters }: DiskRows,
  ranges: readonly Range[],
  end: BootEnd,
  nowMs: number,
): Result<string | null> {
  const [master] = masters;
  if (ranges.length === 0 || master === undefined) return ok(null);
  return catalog.change(({ bootProfiles, masters: known, surveys }) => {
    const before = bootProfiles.find(master.id);
    if (known.find(master.id) === null || !isProvisional(before)) return null;
    const profile = completed(before, ranges);
    const longer = before === null || bootBytesOf(profile) > bootBytesOf(before.profile);
    if (end === 'quiet' && !longer) return null;
    bootProfiles.put({ masterId: master.id, origin: end, profile, recordedMs: nowMs, sha256: null });
    surveys.forgetBoot(master.id);
    return master.id;
  });
}

/** What was known first, then what comes in addition, each byte once. */
function completed(before: BootProfileRow | null, ranges: readonly Range[]): BootProfileDocument {
  const recorder = new BootRecorder(Infinity);
  for (const range of before === null ? [] : stretchesOf(before.profile)) recorder.note(range);
  for (const range of ranges) recorder.note(range);
  const profile = bootProfileOf(recorder.profile());
  if (profile === null) throw new Error('a boot that read something has a profile');
  return profile;
}

function isProvisional(known: BootProfileRow | null): boolean {
  return known === null || known.origin === 'quiet';
}
