// Makes a fresh clone ready. `node scripts/setup/index.mjs [run|test]` does only that; start.mjs and test.mjs begin with it.
import './require-node.mjs';
import { pathToFileURL } from 'node:url';
import { runSteps } from './runner.mjs';
import { applianceSteps } from './steps/appliances.mjs';
import { buildStep } from './steps/build.mjs';
import { debianPackagesStep } from './steps/debian-packages.mjs';
import { firmwareStep } from './steps/firmware.mjs';
import { npmStep } from './steps/npm.mjs';

/**
 * @param {'run' | 'test'} purpose tests need a little more
 * @returns {Promise<boolean>} whether everything is in place; if not, the reason and the remedy have been printed
 */
export function setUp(purpose) {
  // The desktop app's runtime will be one more step, between npm and build.
  return runSteps([debianPackagesStep(purpose), npmStep, buildStep, firmwareStep, ...applianceSteps()]);
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const purpose = process.argv[2] ?? 'run';
  if (purpose === 'run' || purpose === 'test') {
    process.exitCode = (await setUp(purpose)) ? 0 : 1;
  } else {
    console.error('usage: node scripts/setup/index.mjs [run|test]');
    process.exitCode = 2;
  }
}
