/** Where the limit of a disk comes from. */
export type LimitKind = 'default' | 'none' | 'own';

/** What a disk begins with that gets a limit of its own where there was none, in bytes per second. */
export const FIRST_OWN_LIMIT = 1_000_000;

export function limitKind(ownLimit: number | null): LimitKind {
  if (ownLimit === null) return 'default';
  return ownLimit === 0 ? 'none' : 'own';
}
