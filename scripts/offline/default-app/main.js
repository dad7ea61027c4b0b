// Stands in for the part of Electron that finds the program named on its command line: `electron FILE [arguments]`.
// The carried runtime comes without it, and without one Electron ends silently. `-r SCRIPT` runs a script first, which is
// how Playwright gets a hold on the app before it is ready.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { app } from 'electron';

// Until the program has set its own, an uncaught error would open a dialog that nobody may be there to close.
process.once('uncaughtException', fail);

const script = process.argv[1] === '-r' ? process.argv[2] : undefined;
const file = process.argv.slice(1).find((argument) => !argument.startsWith('-') && argument !== script);
if (script !== undefined) createRequire(import.meta.url)(path.resolve(script));
if (file === undefined) fail('electron: no program was named');

Object.defineProperty(process, 'defaultApp', { enumerable: true, value: true });
const entry = path.resolve(file);
app.setAppPath(path.dirname(entry));
const description = packageAbove(path.dirname(entry));
if (description?.version) app.setVersion(description.version);
if (description?.name) app.setName(description.productName ?? description.name);
// Not `app.whenReady()` afterwards: Electron becomes ready only once this module has been evaluated.
await import(pathToFileURL(entry).href).catch(fail);
process.off('uncaughtException', fail);

function packageAbove(folder) {
  try {
    return JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));
  } catch {
    const parent = path.dirname(folder);
    return parent === folder ? undefined : packageAbove(parent);
  }
}

function fail(reason) {
  console.error(reason);
  process.exit(1);
}
