// Bundles every program Headwater consists of into dist/: the command, the worker threads, the benchmark, the desktop app.
import { existsSync } from 'node:fs';
import { chmod, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { build as buildPages } from 'vite';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const dist = path.join(root, 'dist');

const common = {
  absWorkingDir: root,
  outdir: 'dist',
  outbase: '.',
  bundle: true,
  platform: 'node',
  target: 'node20',
  sourcemap: true,
  external: ['electron', 'better-sqlite3', 'v86'],
  logLevel: 'warning',
  write: false,
};

/** Each program becomes a file of the same path below dist/; what they share goes to a folder of chunks. */
const bundle = (chunks, programs) => ({
  ...common,
  format: 'esm',
  splitting: true,
  chunkNames: `${chunks}/[name]-[hash]`,
  entryPoints: programs.filter((program) => existsSync(path.join(root, program))),
});

const programs = bundle('chunks', [
  'main/cli/index.ts',
  'main/storage/copy-worker/copy-worker.ts',
  'main/storage/disk/disk-worker.ts',
  'main/storage/overlays/image-worker.ts',
  'main/feeds/thread/feed-worker.ts',
  'main/masters/publish/master-worker.ts',
  'main/machines/v86/worker.ts',
  'test/bench/index.ts',
]);
// Apart from the others: parts shared with the app would cut the command into more files, and it starts often.
const app = bundle('chunks/app', ['main/app/entry.ts']);
/** The same app, measured from within. It is no part of a package. */
const benchApp = bundle('test/bench/chunks', ['test/bench/app/entry.ts']);
/** A sandboxed preload script must be one CommonJS file. */
const preload = {
  ...common,
  format: 'cjs',
  platform: 'browser',
  target: 'chrome130',
  entryPoints: ['main/app/preload.ts'],
  outExtension: { '.js': '.cjs' },
};

const built = await Promise.all([...[programs, app, benchApp, preload].map(bundled), pages()]);
const files = built.flat();

// Sources that do not build leave the last build as it was, and a program that starts meanwhile finds either build:
// shared parts come first, each file appears whole, what is no longer needed goes last.
const isEntry = (file) =>
  file.endsWith('.html') || !/(^|[/\\])(chunks|assets)[/\\]/.test(path.relative(dist, file));
for (const entries of [false, true]) {
  await Promise.all(files.filter((output) => isEntry(output.path) === entries).map(store));
}
await removeOthers(dist, new Set(files.map((output) => output.path)));
const command = path.join(dist, 'main/cli/index.js');
if (existsSync(command)) await chmod(command, 0o755);

async function bundled(options) {
  const { outputFiles } = await build(options);
  return outputFiles.map(({ path: file, contents }) => ({ path: file, contents }));
}

/** What windows show. */
async function pages() {
  const configFile = path.join(root, 'renderer/vite.config.ts');
  const { output } = await buildPages({ configFile, build: { write: false } });
  return output.map((part) => ({
    path: path.join(dist, 'renderer', part.fileName),
    contents: part.type === 'chunk' ? part.code : part.source,
  }));
}

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
