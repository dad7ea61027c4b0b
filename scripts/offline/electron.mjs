// Which Electron this checkout runs: its own binary, the carried one, or the one the user names.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readStamp } from '../setup/fingerprint.mjs';
import { CACHE, ROOT } from '../setup/paths.mjs';
import { CARRIED_VERSION, carriedRuntimeNote } from './carried-electron.mjs';

const PACKAGE = join(ROOT, 'node_modules/electron');
export const CARRIED_FOLDER = join(CACHE, `electron-${CARRIED_VERSION}`);

/** The version the npm package asks for; undefined before the packages are installed. */
export function wantedVersion() {
  try {
    return JSON.parse(readFileSync(join(PACKAGE, 'package.json'), 'utf8')).version;
  } catch {
    return undefined;
  }
}

/** @returns {{ folder: string, program: string, carried: boolean } | undefined} undefined: there is none yet */
export function installedElectron() {
  const named = process.env.ELECTRON_OVERRIDE_DIST_PATH;
  if (named) return describe(named);
  const wanted = wantedVersion();
  const own = join(PACKAGE, 'dist');
  const ownVersion = readStamp(join(own, 'version'))?.replace(/^v/, '');
  if (wanted !== undefined && ownVersion === wanted && existsSync(join(PACKAGE, 'path.txt'))) {
    return describe(own);
  }
  const note = readStamp(join(CARRIED_FOLDER, 'resources/carried-runtime'));
  return note === carriedRuntimeNote() ? describe(CARRIED_FOLDER) : undefined;
}

const PROGRAMS = { darwin: 'Electron.app/Contents/MacOS/Electron', win32: 'electron.exe' };

function describe(folder) {
  const program = join(folder, PROGRAMS[process.platform] ?? 'electron');
  return { folder, program, carried: existsSync(join(folder, 'resources/carried-runtime')) };
}

/** What Electron must be told besides the program: Chromium's own sandbox refuses to work for root. */
export const electronSwitches = () => (process.getuid?.() === 0 ? ['--no-sandbox'] : []);
