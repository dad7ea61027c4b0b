// Builds an appliance from its recipe and publishes it in a folder, all at once or not at all.
//
//   node assets/appliances/build.mjs RECIPE [OUTPUT_FOLDER [CACHE_FOLDER]]
//
// A recipe is a folder here with `appliance.json` (what the appliance is) and `build.mjs` (exports `build`, which writes
// the disk). The result is OUTPUT_FOLDER/ID/ with
//
//   disk.raw         the disk, sparse
//   appliance.json   the recipe's, plus `disk: { file, sizeBytes, sha256 }`
//   built-from.json  what it was built from, so that an unchanged recipe is not built again
import { createHash } from 'node:crypto';
import {
  createReadStream,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const RECIPES = import.meta.dirname;
const UNFINISHED = '.unfinished-';

/** Ids of all recipes, in a stable order. */
export function recipeIds() {
  return readdirSync(RECIPES)
    .filter((name) => existsSync(join(RECIPES, name, 'appliance.json')))
    .sort();
}

/** Quick enough to be there for everybody; the others are built when somebody asks for them. */
export function isBuiltBySetUp(id) {
  const { builtBySetUp = true } = JSON.parse(readFileSync(join(RECIPES, id, 'appliance.json'), 'utf8'));
  return builtBySetUp;
}

/** Is the published appliance there, whole, and built from the recipe as it is now? Takes milliseconds. */
export async function isPublished(id, outputFolder) {
  const folder = join(outputFolder, id);
  try {
    const builtFrom = JSON.parse(readFileSync(join(folder, 'built-from.json'), 'utf8'));
    const { disk } = JSON.parse(readFileSync(join(folder, 'appliance.json'), 'utf8'));
    const file = join(folder, disk.file);
    const { size, mtimeMs } = statSync(file);
    if (builtFrom.recipeSha256 !== recipeHash(id) || size !== disk.sizeBytes) return false;
    // Reading the whole disk is only worth it when something touched the file; a copied checkout is not a changed one.
    if (builtFrom.diskModifiedMs === mtimeMs) return true;
    if ((await fileHash(file)) !== disk.sha256) return false;
    writeFileSync(join(folder, 'built-from.json'), json({ ...builtFrom, diskModifiedMs: mtimeMs }));
    return true;
  } catch {
    return false;
  }
}

/** Builds a recipe. Nothing of a build that was interrupted is ever taken for a result. */
export async function publish(id, { outputFolder, cacheFolder, log = () => {} }) {
  const recipe = join(RECIPES, id);
  const appliance = JSON.parse(readFileSync(join(recipe, 'appliance.json'), 'utf8'));
  const recipeSha256 = recipeHash(id);
  const { build } = await import(pathToFileURL(join(recipe, 'build.mjs')).href);

  mkdirSync(outputFolder, { recursive: true });
  removeLeftovers(outputFolder);
  const unfinished = join(outputFolder, `${UNFINISHED}${id}-${process.pid}`);
  const result = join(unfinished, 'result');
  const work = join(unfinished, 'work');
  mkdirSync(result, { recursive: true });
  mkdirSync(work);
  try {
    const disk = { file: 'disk.raw', sizeBytes: appliance.diskSizeBytes, sha256: '' };
    const diskFile = join(result, disk.file);
    const time = Number(process.env.SOURCE_DATE_EPOCH ?? Date.parse(appliance.released) / 1000);
    await build({ appliance, diskFile, work, cacheFolder, time, log });
    if (statSync(diskFile).size !== disk.sizeBytes)
      throw new Error('the disk does not have the size appliance.json names');

    log('computing the checksum');
    disk.sha256 = await fileHash(diskFile);
    writeFileSync(join(result, 'appliance.json'), json({ ...appliance, disk }));
    const diskModifiedMs = statSync(diskFile).mtimeMs;
    writeFileSync(join(result, 'built-from.json'), json({ recipeSha256, diskModifiedMs }));

    const published = join(outputFolder, id);
    if (existsSync(published)) renameSync(published, join(unfinished, 'previous'));
    renameSync(result, published);
    return { ...appliance, disk };
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
}

/** Everything the result depends on apart from the packages: the recipe's files and what they share. */
function recipeHash(id) {
  const hash = createHash('sha256');
  const add = (path) => {
    if (path.endsWith('.md') || path.endsWith('.test.mjs')) return;
    const status = statSync(path);
    if (status.isDirectory()) {
      for (const name of readdirSync(path).sort()) add(join(path, name));
      return;
    }
    hash.update(`${relative(RECIPES, path)}\0${status.mode & 0o100}\0${status.size}\0`);
    hash.update(readFileSync(path));
  };
  for (const part of [id, 'lib', 'build.mjs']) add(join(RECIPES, part));
  hash.update(process.env.SOURCE_DATE_EPOCH ?? '');
  return hash.digest('hex');
}

async function fileHash(path) {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk);
  return hash.digest('hex');
}

/** What interrupted builds left behind; a build that is still running keeps its folder. */
function removeLeftovers(outputFolder) {
  for (const name of readdirSync(outputFolder)) {
    if (!name.startsWith(UNFINISHED)) continue;
    const owner = Number(name.slice(name.lastIndexOf('-') + 1));
    if (!isRunning(owner)) rmSync(join(outputFolder, name), { recursive: true, force: true });
  }
}

function isRunning(processId) {
  try {
    process.kill(processId, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

const json = (value) => `${JSON.stringify(value, null, 2)}\n`;

async function main() {
  const [id, outputArgument, cacheArgument] = process.argv.slice(2);
  if (!recipeIds().includes(id)) {
    console.error(
      `usage: node build.mjs RECIPE [OUTPUT_FOLDER [CACHE_FOLDER]]\nrecipes: ${recipeIds().join(', ')}`,
    );
    return 1;
  }
  const cacheFolder = resolve(cacheArgument ?? join(RECIPES, '../../.cache'));
  const outputFolder = resolve(outputArgument ?? join(cacheFolder, 'appliances'));
  try {
    const { disk } = await publish(id, { outputFolder, cacheFolder, log: (line) => console.log(line) });
    console.log(`${join(outputFolder, id, disk.file)} sha256 ${disk.sha256}`);
    return 0;
  } catch (error) {
    console.error(`${id} could not be built: ${error.message}`);
    return 1;
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href)
  process.exitCode = await main();
