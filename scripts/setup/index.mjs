// Makes a fresh clone ready. `node scripts/setup/index.mjs [run|window|test]` does only that; start.mjs and test.mjs begin with it.
import './require-node.mjs';
import { pathToFileURL } from 'node:url';
import { runSteps } from './runner.mjs';
import { applianceSteps } from './steps/appliances.mjs';
import { buildStep } from './steps/build.mjs';
import { debianPackagesStep } from './steps/debian-packages.mjs';
import { electronRuntimeStep } from './steps/electron-runtime.mjs';
import { firmwareStep } from './steps/firmware.mjs';
import { npmStep } from './steps/npm.mjs';
import { sqliteStep } from './steps/sqlite.mjs';

/** @typedef {'run' | 'window' | 'test'} Purpose the command only, the desktop app too, everything */

/**
 * @param {Purpose} purpose
 * @returns {Promise<boolean>} whether everything is in place; if not, the reason and the remedy have been printed
 */
export function setUp(purpose) {
  const desktop = purpose === 'run' ? [] : [electronRuntimeStep];
  return runSteps([
    debianPackagesStep(purpose),
    npmStep,
    sqliteStep,
    ...desktop,
    buildStep,
    firmwareStep,
    ...applianceSteps(purpose),
  ]);
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const purpose = process.argv[2] ?? 'run';
  if (['run', 'window', 'test'].includes(purpose)) {
    process.exitCode = (await setUp(purpose)) ? 0 : 1;
  } else {
    console.error('usage: node scripts/setup/index.mjs [run|window|test]');
    process.exitCode = 2;
  }
}
