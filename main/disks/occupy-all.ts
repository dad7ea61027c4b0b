import type { Result } from '../../shared/result.ts';
import type { DiskControl } from './disk-control.ts';
import type { DiskRegistry } from './disk-registry.ts';

/** Keeps everybody off several images while `work` runs; see {@link DiskControl.occupy}. */
export async function occupyAll<T>(
  controls: readonly DiskControl[],
  what: string,
  work: () => Promise<Result<T>>,
): Promise<Result<T>> {
  const [first, ...rest] = controls;
  return first === undefined ? work() : first.occupy(what, () => occupyAll(rest, what, work));
}

/**
 * Keeps everybody off the disks that a master lies behind while `work` changes where or what it is; what had failed for want
 * of it is tried anew afterwards. Fails with `busy` while a machine uses one of them.
 */
export async function whileUnread<T>(
  disks: DiskRegistry,
  masterId: string,
  work: () => Promise<Result<T>>,
): Promise<Result<T>> {
  // What lies on a copy lets go of it first.
  const [copies, others] = disks.copiesAndOthers();
  const over = [...others, ...copies].filter(({ rows }) => rows.masters.some(({ id }) => id === masterId));
  const done = await occupyAll(over, 'waiting for its source', async () => {
    const outcome = await work();
    if (!outcome.ok) return outcome;
    // Before they are let go of: what opens again does so with the new rows.
    const renewed = over.map(({ id }) => disks.changeStream(id, (stream) => ({ ...stream, failure: null })));
    return renewed.find((result) => !result.ok) ?? outcome;
  });
  // Whoever cannot be opened says so himself, in his state.
  if (done.ok) for (const control of over) void control.steer('retry-now');
  return done;
}
