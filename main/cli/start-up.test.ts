import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { COMMAND } from '../../test/support/headwater-process.ts';
import { tempFolder } from '../../test/support/temp-folder.ts';

/** Says which modules Node loads, before it does. */
const HOOK = `
  import { register } from 'node:module';
  register('data:text/javascript,' + encodeURIComponent(\`
    export async function load(url, context, next) {
      if (url.startsWith('file:')) process._rawDebug('loads ' + url);
      return next(url, context);
    }\`), import.meta.url);
`;

/** How much of the built command a call of it reads, in bytes. */
function loadedBytes(args: readonly string[]): number {
  const hook = path.join(tempFolder(), 'hook.mjs');
  fs.writeFileSync(hook, HOOK);
  const ended = spawnSync(process.execPath, ['--import', hook, COMMAND, ...args], { encoding: 'utf8' });
  expect(ended.stdout).toMatch(/headwater/i);
  const files = [...ended.stderr.matchAll(/^loads (file:.*)$/gm)].map(([, url]) => fileURLToPath(url ?? ''));
  expect(files).toContain(COMMAND);
  return files.reduce((sum, file) => sum + fs.statSync(file).size, 0);
}

describe('headwater, asked only for words,', () => {
  it.each([[['--version']], [['help']], [['feed', '--help']], [['master', 'help']], [['image', '--help']]])(
    '%j reads no library and no engine: less than 40 kB of it',
    (args) => {
      expect(loadedBytes(args)).toBeLessThan(40_000);
    },
  );
});
