import type { Result } from '../../../shared/result.ts';
import { NodeFile } from '../../block/node-file.ts';
import { checkQed, type CheckReport, type Repair } from '../../qed/check.ts';
import { withLock } from '../lock/locked-file.ts';

/** Checks an image that nobody writes meanwhile, and mends what can be mended. Fails with `busy` where it is open. */
export async function checkImage(path: string, repair: Repair): Promise<Result<CheckReport>> {
  const file = NodeFile.open(path, { readOnly: repair === 'none' });
  if (!file.ok) return file;
  // Also when nothing is to be repaired: a writer's half-done changes would look like faults.
  const locked = withLock(file.value, path);
  if (!locked.ok) return locked;
  const report = await checkQed(locked.value, repair);
  await locked.value.close();
  return report;
}
