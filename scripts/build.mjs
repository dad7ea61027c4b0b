// Bundles every program Headwater consists of into dist/: the command, the worker threads, the benchmark.
import { existsSync } from 'node:fs';
import { chmod, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const dist = path.join(root, 'dist');

/** Each becomes a file of the same path below dist/; what they share goes to dist/chunks/. */
const programs = [
  'main/cli/index.ts',
  'main/storage/copy-worker.ts',
  'main/storage/disk-worker.ts',
  'main/machines/v86/worker.ts',
  'test/bench/index.ts',
].filter((program) => existsSync(path.join(root, program)));

const { outputFiles } = await build({
  absWorkingDir: root,
  entryPoints: programs,
  outdir: 'dist',
  outbase: '.',
  bundle: true,
  splitting: true,
  chunkNames: 'chunks/[name]-[hash]',
  platform: 'node',
  format: 'esm',
  target: 'node20',
  sourcemap: true,
  external: ['electron', 'better-sqlite3', 'v86'],
  logLevel: 'warning',
  write: false,
});

// Sources that do not build leave the last build as it was, and a program that starts meanwhile finds either build:
// shared parts come first, each file appears whole, what is no longer needed goes last.
const isShared = (file) => file.startsWith(path.join(dist, 'chunks') + path.sep);
for (const wanted of [true, false]) {
  await Promise.all(outputFiles.filter((output) => isShared(output.path) === wanted).map(store));
}
await removeOthers(dist, new Set(outputFiles.map((output) => output.path)));
const command = path.join(dist, 'main/cli/index.js');
if (existsSync(command)) await chmod(command, 0o755);

async function store({ path: file, contents }) {
  const draft = `${file}.${process.pid}`;
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(draft, contents);
  await rename(draft, file);
}

async function removeOthers(folder, kept) {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const file = path.join(folder, entry.name);
    if (entry.isDirectory()) await removeOthers(file, kept);
    else if (!kept.has(file)) await rm(file, { force: true });
  }
}
