// Bundles the TypeScript sources into dist/. The stamp lies inside dist/, where a build removes what it did not write.
import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from '../command.mjs';
import { fingerprint, readStamp } from '../fingerprint.mjs';
import { ROOT } from '../paths.mjs';

const INPUTS = [
  'main',
  'shared',
  'renderer',
  'test',
  'scripts/build.mjs',
  'package.json',
  'package-lock.json',
  'tsconfig.json',
];
const PROGRAM = join(ROOT, 'dist/main/cli/index.js');
const STAMP = join(ROOT, 'dist', '.built-from');

/** What dist/ was built from, and that it is still the result of that build and not of a later one by hand. */
function state() {
  try {
    return `${fingerprint(ROOT, INPUTS)} ${statSync(PROGRAM).mtimeMs}`;
  } catch {
    return 'nothing there';
  }
}

export const buildStep = {
  id: 'build',
  title: 'build',
  isDone: () => readStamp(STAMP) === state(),

  async run({ detail }) {
    const before = fingerprint(ROOT, INPUTS);
    await runCommand(process.execPath, ['scripts/build.mjs'], {
      cwd: ROOT,
      onLine: detail,
      remedy: 'The sources do not build; the lines above say where.',
    });
    // A file that was edited meanwhile may or may not be in: then the next run builds once more.
    if (fingerprint(ROOT, INPUTS) === before) writeFileSync(STAMP, `${state()}\n`);
  },
};
