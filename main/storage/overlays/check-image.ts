import type { Result } from '../../../shared/result.ts';
import { NodeFile } from '../../block/node-file.ts';
import { checkQed, type CheckReport } from '../../qed/check.ts';
import { lockImage } from '../image-lock.ts';

/** Checks an image that nobody writes meanwhile, and mends what can be mended. Fails with `busy` where it is open. */
export async function checkImage(path: string, repair: boolean): Promise<Result<CheckReport>> {
  const file = NodeFile.open(path, { readOnly: !repair });
  if (!file.ok) return file;
  try {
    // Also when nothing is to be repaired: a writer's half-done changes would look like faults.
    const lock = lockImage(path);
    if (!lock.ok) return lock;
    const report = await checkQed(file.value, repair ? 'all' : 'none');
    lock.value();
    return report;
  } finally {
    await file.value.close();
  }
}
