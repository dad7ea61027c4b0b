// `npm run test:app`: drives the desktop app with Playwright in a real Electron, several at a time where there are
// processors for it: on Linux each has a display of its own. Arguments are Playwright's, among them `--config` for
// something else to be done with the app.
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { openDisplays } from './displays.mjs';
import { electronSwitches, installedElectron } from './offline/electron.mjs';
import { runInForeground } from './setup/child.mjs';
import { ROOT } from './setup/paths.mjs';

/** More than that wait for the longest file of tests all the same. */
const MOST_AT_A_TIME = 4;

async function playwright(electron) {
  const ownDisplays = process.platform === 'linux';
  const displays = await openDisplays(ownDisplays ? Math.min(MOST_AT_A_TIME, availableParallelism()) : 0);
  const cli = join(ROOT, 'node_modules/@playwright/test/cli.js');
  const wished = process.argv.slice(2);
  const config = wished.includes('--config') ? [] : ['--config', 'test/app/playwright.config.ts'];
  const env = {
    // What the npm package `electron`, and so Playwright, takes for Electron.
    ELECTRON_OVERRIDE_DIST_PATH: electron.folder,
    HEADWATER_TEST_ELECTRON: electron.program,
    // One for each worker of Playwright.
    HEADWATER_TEST_DISPLAYS: displays.names.join(' '),
    HEADWATER_TEST_SWITCHES: [...electronSwitches(), '--disable-gpu'].join(' '),
    // No desktop to talk to, and no complaints about that.
    DBUS_SESSION_BUS_ADDRESS: 'disabled:',
    DBUS_SYSTEM_BUS_ADDRESS: 'disabled:',
  };
  try {
    return await runInForeground(process.execPath, [cli, 'test', ...config, ...wished], { cwd: ROOT, env });
  } finally {
    displays.close();
  }
}

const electron = installedElectron();
if (electron) {
  process.exitCode = await playwright(electron);
} else {
  console.error('Electron is not there yet. Set everything up first: node scripts/setup/index.mjs test');
  process.exitCode = 1;
}
