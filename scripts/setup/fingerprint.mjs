// "Has this changed since?", answered by content rather than by time stamps, which a checkout or a copy changes.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** One hash over files and whole folders; what does not exist counts as absent. */
export function fingerprint(root, paths, extra = '') {
  const hash = createHash('sha256').update(extra);
  const add = (path) => {
    const file = join(root, path);
    if (!existsSync(file)) return;
    const status = statSync(file);
    if (status.isDirectory()) {
      for (const name of readdirSync(file).sort()) if (name !== 'node_modules') add(join(path, name));
    } else {
      hash.update(`${path}\0${status.size}\0`).update(readFileSync(file));
    }
  };
  paths.forEach(add);
  return hash.digest('hex');
}

/** A small file's text, or undefined. */
export function readStamp(file) {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return undefined;
  }
}
