import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * The folder Headwater was installed in: the one with its `package.json`. Bundling moves code between files, so the
 * place of this module says nothing about the place of others.
 */
export function packageRoot(): string {
  let folder = path.dirname(fileURLToPath(import.meta.url));
  while (!fs.existsSync(path.join(folder, 'package.json'))) {
    const parent = path.dirname(folder);
    if (parent === folder) throw new Error('Headwater is not installed completely: package.json is missing');
    folder = parent;
  }
  return folder;
}

/** The built script of a worker thread, named by its source file without extension, as in `scripts/build.mjs`. */
export function workerScript(source: string): string {
  return path.join(packageRoot(), 'dist', `${source}.js`);
}
