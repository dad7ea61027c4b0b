// `npm run bench`: runs the benchmark that was just built, and tells it which Electron measures the app.
import { join } from 'node:path';
import { electronSwitches, installedElectron } from './offline/electron.mjs';
import { runInForeground } from './setup/child.mjs';
import { ROOT } from './setup/paths.mjs';

const electron = installedElectron();
const env = electron && {
  HEADWATER_BENCH_ELECTRON: electron.program,
  HEADWATER_BENCH_SWITCHES: electronSwitches().join(' '),
};
const bench = join(ROOT, 'dist/test/bench/index.js');
process.exitCode = await runInForeground(process.execPath, [bench, ...process.argv.slice(2)], { env });
