// `npm run package`: hands electron-builder.yml to electron-builder, after making sure that users get a real Electron.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { installedElectron } from './offline/electron.mjs';
import { runInForeground } from './setup/child.mjs';
import { ROOT } from './setup/paths.mjs';

const forTrying = process.env.HEADWATER_PACKAGE_CARRIED === 'for-trying-only';
const electron = installedElectron();

if (electron === undefined) {
  console.error('Electron is not there yet. Set everything up first: node scripts/setup/index.mjs window');
  process.exitCode = 1;
} else if (electron.carried && !forTrying) {
  console.error(
    `${electron.folder} is the carried Electron: an old Chromium that gets no fixes and must never be given to users.\n` +
      'Package on a machine that can download Electron. To try a package on this one:\n' +
      'HEADWATER_PACKAGE_CARRIED=for-trying-only npm run package -- --dir',
  );
  process.exitCode = 1;
} else {
  // Without a folder electron-builder fetches what the package is for, which need not be this system.
  const given = electron.carried || process.env.ELECTRON_OVERRIDE_DIST_PATH !== undefined;
  const version = readFileSync(join(electron.folder, 'version'), 'utf8').trim().replace(/^v/, '');
  process.exitCode = await runInForeground(process.execPath, [
    join(ROOT, 'node_modules/electron-builder/cli.js'),
    '--config',
    join(ROOT, 'electron-builder.yml'),
    ...(given ? [`-c.electronDist=${electron.folder}`, `-c.electronVersion=${version}`] : []),
    ...process.argv.slice(2),
  ]);
}
