/**
 * Files that are there whole or not at all: they are written under another name, and get theirs when everything is
 * durable. Whoever reads the name meanwhile finds what was there before.
 */
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { DONE, type Result } from '../../shared/result.ts';
import { failureFromSystem } from '../../shared/errno.ts';

/** A name beside `file` that nobody else has, for what is to become it. */
export function draftBeside(file: string): string {
  return `${file}.${randomBytes(4).toString('hex')}.part`;
}

/**
 * Gives a draft its name, durably, with its content. What has the name already is replaced. The draft stays when that fails.
 * @param refuse asked at the last moment whether the name may be given
 */
export async function putInPlace(
  draft: string,
  file: string,
  refuse?: () => Promise<Result<void>>,
): Promise<Result<void>> {
  try {
    await syncFile(draft);
    const allowed = (await refuse?.()) ?? DONE;
    if (!allowed.ok) return allowed;
    await fs.promises.rename(draft, file);
  } catch (error) {
    return failureFromSystem(error, `Could not put '${file}' in place`);
  }
  return syncFolder(path.dirname(file));
}

/** What file systems say that know one name for each file. */
const ONE_NAME_ONLY = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EXDEV'];

/**
 * Gives a complete file a further name, durably; what has that name already is replaced. Where the file system knows one
 * name for each file, the other one is lost.
 */
export async function nameAlso(file: string, name: string): Promise<Result<void>> {
  try {
    await syncFile(file);
    await fs.promises.rm(name, { force: true });
    await fs.promises.link(file, name);
  } catch (error) {
    const failed = failureFromSystem(error, `Could not put '${name}' in place`);
    return ONE_NAME_ONLY.includes(failed.failure.errno ?? '') ? putInPlace(file, name) : failed;
  }
  return syncFolder(path.dirname(name));
}

/** As {@link putInPlace}, for what has to be done before the program can do anything else. */
export function putInPlaceSync(draft: string, file: string): Result<void> {
  try {
    syncNow(draft, 'r+');
    fs.renameSync(draft, file);
  } catch (error) {
    return failureFromSystem(error, `Could not put '${file}' in place`);
  }
  try {
    syncNow(path.dirname(file), 'r');
    return DONE;
  } catch (error) {
    return unlessUnsyncable(error, path.dirname(file));
  }
}

function syncNow(file: string, flags: string): void {
  const fd = fs.openSync(file, flags);
  try {
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}

/** Writes a small file, or replaces it, durably; leaves no draft. @param refuse as for {@link putInPlace} */
export async function writeWhole(
  file: string,
  content: string | Uint8Array,
  refuse?: () => Promise<Result<void>>,
): Promise<Result<void>> {
  const draft = draftBeside(file);
  try {
    await fs.promises.writeFile(draft, content, { flag: 'wx' });
  } catch (error) {
    await removeDraft(draft);
    return failureFromSystem(error, `Could not write '${file}'`);
  }
  const placed = await putInPlace(draft, file, refuse);
  if (!placed.ok) await removeDraft(draft);
  return placed;
}

/** What came to nothing goes, as far as that can be: one that stays is a leftover, and nothing worse. */
export async function removeDraft(draft: string): Promise<void> {
  await fs.promises.rm(draft, { force: true }).catch(() => undefined);
}

/** Makes the content of a file durable. Throws what the system says. */
export async function syncFile(file: string): Promise<void> {
  const handle = await fs.promises.open(file, 'r+');
  await handle.sync().finally(() => handle.close());
}

/** Makes the names in a folder durable: a file whose name is lost in a power cut is lost. */
export async function syncFolder(folder: string): Promise<Result<void>> {
  try {
    const handle = await fs.promises.open(folder, 'r');
    await handle.sync().finally(() => handle.close());
    return DONE;
  } catch (error) {
    return unlessUnsyncable(error, folder);
  }
}

/** Windows and some network file systems cannot sync folders; they need no sync either. */
function unlessUnsyncable(error: unknown, folder: string): Result<void> {
  const failed = failureFromSystem(error, `Could not sync the folder '${folder}'`);
  return ['EPERM', 'EISDIR', 'EINVAL', 'EACCES'].includes(failed.failure.errno ?? '') ? DONE : failed;
}
