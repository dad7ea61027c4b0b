// Installs exactly what package-lock.json names. The stamp lies inside node_modules, so that deleting the folder, or an
// installation that was interrupted (npm begins by deleting it), brings the step back.
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from '../command.mjs';
import { fingerprint, readStamp } from '../fingerprint.mjs';
import { ROOT } from '../paths.mjs';

const STAMP = join(ROOT, 'node_modules', '.headwater-setup');

function wanted() {
  const machine = `${process.platform} ${process.arch} ${process.versions.modules}`;
  return fingerprint(ROOT, ['package.json', 'package-lock.json', '.npmrc'], machine);
}

export const npmStep = {
  id: 'npm',
  title: 'npm packages',
  isDone: () => readStamp(STAMP) === wanted(),

  async run({ tell, detail }) {
    const command = existsSync(join(ROOT, 'package-lock.json')) ? 'ci' : 'install';
    tell(`npm ${command}`);
    await runCommand('npm', [command, '--no-audit', '--no-fund', '--loglevel=warn'], {
      cwd: ROOT,
      onLine: detail,
      env: { NODE_ENV: 'development' }, // an inherited "production" would leave out the tools that build
      remedy:
        'Check that npm works here (npm --version; it comes with Node, or from the Debian package npm), then try again.',
    });
    writeFileSync(STAMP, `${wanted()}\n`);
  },
};
