// `npm start`: sets everything up, then opens the desktop app, or shows the demonstration in the terminal where there is
// no display or `--terminal` asks for it. Other arguments are the demonstration's (npm start -- --link …).
import './setup/require-node.mjs';
import { join } from 'node:path';
import { electronSwitches, installedElectron } from './offline/electron.mjs';
import { runInForeground } from './setup/child.mjs';
import { setUp } from './setup/index.mjs';
import { ROOT } from './setup/paths.mjs';

const DISPLAY_IS_CERTAIN = ['darwin', 'win32'].includes(process.platform);
const display = DISPLAY_IS_CERTAIN || Boolean(process.env.DISPLAY) || Boolean(process.env.WAYLAND_DISPLAY);

async function demonstration(args) {
  if (!(await setUp('run'))) return 1;
  const command = join(ROOT, 'dist/main/cli/index.js');
  return runInForeground(process.execPath, [command, 'demo', ...args]);
}

async function app() {
  if (!(await setUp('window'))) return 1;
  const { program, folder, carried } = installedElectron();
  if (carried) console.log(`Headwater runs in the carried Electron (${folder}): for development only.`);
  const switches = electronSwitches();
  if (switches.length > 0) console.log('Running as root: Chromium goes without its sandbox.');
  return runInForeground(program, [...switches, join(ROOT, 'dist/main/app/entry.js')], { cwd: ROOT });
}

const args = process.argv.slice(2);
const forTerminal = args.filter((argument) => argument !== '--terminal');
// Arguments are meant for the demonstration: somebody who gives any wants to see it.
process.exitCode = display && args.length === 0 ? await app() : await demonstration(forTerminal);
