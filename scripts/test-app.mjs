// `npm run test:app`: drives the desktop app with Playwright in a real Electron. On Linux always on a display of its own,
// so that windows do not pop up where somebody works. Arguments are Playwright's, among them `--config` for something else
// to be done with the app.
import { join } from 'node:path';
import { electronSwitches, installedElectron } from './offline/electron.mjs';
import { runInForeground } from './setup/child.mjs';
import { ROOT } from './setup/paths.mjs';

const SCREEN = '-screen 0 1920x1200x24';

function playwright(electron) {
  const cli = join(ROOT, 'node_modules/@playwright/test/cli.js');
  const wished = process.argv.slice(2);
  const config = wished.includes('--config') ? [] : ['--config', 'test/app/playwright.config.ts'];
  const [program, ...args] = [
    ...(process.platform === 'linux' ? ['xvfb-run', '-a', '-s', SCREEN] : []),
    ...[process.execPath, cli, 'test', ...config, ...wished],
  ];
  const env = {
    // What the npm package `electron`, and so Playwright, takes for Electron.
    ELECTRON_OVERRIDE_DIST_PATH: electron.folder,
    HEADWATER_TEST_ELECTRON: electron.program,
    HEADWATER_TEST_SWITCHES: [...electronSwitches(), '--disable-gpu'].join(' '),
    // No desktop to talk to, and no complaints about that.
    DBUS_SESSION_BUS_ADDRESS: 'disabled:',
    DBUS_SYSTEM_BUS_ADDRESS: 'disabled:',
  };
  return runInForeground(program, args, { cwd: ROOT, env });
}

const electron = installedElectron();
if (electron) {
  process.exitCode = await playwright(electron);
} else {
  console.error('Electron is not there yet. Set everything up first: node scripts/setup/index.mjs test');
  process.exitCode = 1;
}
