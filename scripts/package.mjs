// `npm run package`: hands electron-builder.yml to electron-builder, after making sure that users get a real Electron.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runInForeground } from './setup/child.mjs';
import { ROOT } from './setup/paths.mjs';

/** A folder with Electron unpacked that is to be used instead of a download. */
const named = process.env.ELECTRON_OVERRIDE_DIST_PATH;
const forTrying = process.env.HEADWATER_PACKAGE_CARRIED === 'for-trying-only';

if (named && existsSync(join(named, 'resources/carried-runtime')) && !forTrying) {
  console.error(
    `${named} is the carried Electron: an old Chromium that gets no fixes and must never be given to users.\n` +
      'Unset ELECTRON_OVERRIDE_DIST_PATH on a machine that can download Electron, and package there.',
  );
  process.exitCode = 1;
} else {
  const version = named && readFileSync(join(named, 'version'), 'utf8').trim().replace(/^v/, '');
  process.exitCode = await runInForeground(process.execPath, [
    join(ROOT, 'node_modules/electron-builder/cli.js'),
    '--config',
    join(ROOT, 'electron-builder.yml'),
    ...(named ? [`-c.electronDist=${named}`, `-c.electronVersion=${version}`] : []),
    ...process.argv.slice(2),
  ]);
}
