// Bundles every program Headwater consists of into dist/: the command, the worker threads, the benchmark.
import { chmod, rm } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));

/** Each becomes a file of the same path below dist/; what they share goes to dist/chunks/. */
const programs = [
  'main/cli/index.ts',
  'main/storage/copy-worker.ts',
  'main/storage/disk-worker.ts',
  'main/machines/v86/worker.ts',
  'test/bench/index.ts',
].filter((program) => existsSync(path.join(root, program)));

await rm(path.join(root, 'dist'), { recursive: true, force: true });
await build({
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
});
const command = path.join(root, 'dist/main/cli/index.js');
if (existsSync(command)) await chmod(command, 0o755);
