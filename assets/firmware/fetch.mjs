// Fetches the BIOS and the VGA BIOS that v86 machines start with; README.md says why these two.
//
//   node assets/firmware/fetch.mjs OUTPUT_FOLDER CACHE_FOLDER
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { openDebianArchive, unpackPackage } from '../appliances/lib/debian.mjs';

const PACKAGE = 'seabios';
const FILES = ['bios.bin', 'vgabios-stdvga.bin'];
const INDEX = 'firmware.json';

/** Are both files there and as they were fetched? */
export function isFetched(folder) {
  try {
    const { files } = JSON.parse(readFileSync(join(folder, INDEX), 'utf8'));
    return FILES.every((name) => files[name] === sha256(join(folder, name)));
  } catch {
    return false;
  }
}

function fetchFirmware(folder, cacheFolder) {
  const unfinished = join(dirname(folder), '.unfinished-firmware');
  rmSync(unfinished, { recursive: true, force: true });
  const result = join(unfinished, 'result');
  mkdirSync(result, { recursive: true });
  try {
    const archive = openDebianArchive({ root: join(cacheFolder, 'debian-i386'), log: console.log });
    const [{ version, file }] = archive.fetch([PACKAGE]);
    const unpacked = join(unfinished, 'package');
    unpackPackage(file, unpacked);
    for (const name of FILES) copyFileSync(join(unpacked, 'usr/share/seabios', name), join(result, name));
    copyFileSync(join(unpacked, 'usr/share/doc', PACKAGE, 'copyright'), join(result, 'copyright'));
    const files = Object.fromEntries(FILES.map((name) => [name, sha256(join(result, name))]));
    writeFileSync(join(result, INDEX), `${JSON.stringify({ package: PACKAGE, version, files }, null, 2)}\n`);
    if (existsSync(folder)) renameSync(folder, join(unfinished, 'previous'));
    renameSync(result, folder);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
}

function sha256(file) {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    fetchFirmware(resolve(process.argv[2]), resolve(process.argv[3]));
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
