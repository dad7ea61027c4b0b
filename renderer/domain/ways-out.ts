import type { MasterView } from '../../shared/ipc/catalog.ts';
import type { DiskView } from '../../shared/ipc/machines.ts';

/** What can be done about a disk whose source does not give what is missing. */
export const WAYS_OUT = ['retry', 'elsewhere', 'renew', 'keep'] as const;
export type WayOut = (typeof WAYS_OUT)[number];

/** The states of a disk that somebody has to look at. */
export function isInTrouble({ state }: Pick<DiskView, 'state'>): boolean {
  return state === 'waiting-for-source' || state === 'source-changed' || state === 'failed';
}

/**
 * The ways out that make sense, the likeliest first. What Headwater made itself lies where it put it, and of what was
 * published with hashes another version is another entry of its feed.
 */
export function waysOut(
  { state }: Pick<DiskView, 'state'>,
  source: Pick<MasterView, 'role' | 'source' | 'verified'> | undefined,
): readonly WayOut[] {
  const foreign = source?.role === 'master' && source.source !== 'recipe';
  const fits: Readonly<Record<WayOut, boolean>> = {
    retry: true,
    elsewhere: foreign && state !== 'failed',
    renew: foreign && !source.verified && state === 'source-changed',
    keep: state !== 'failed',
  };
  const likeliest: readonly WayOut[] =
    state === 'source-changed' ? ['renew', 'elsewhere', 'keep', 'retry'] : WAYS_OUT;
  return likeliest.filter((way) => fits[way]);
}
