import path from 'node:path';
import { build } from 'esbuild';
import buildFirst from '../../support/build-first.mjs';

export const ROOT = path.resolve(import.meta.dirname, '../../..');

/** Where the app with a test's services is built. Inside the checkout: it finds its pages from there. */
export const TEST_ENTRY = path.join(ROOT, '.cache/test-app/entry.js');
/** The product, with a look at its guests. */
export const WATCHED_ENTRY = path.join(ROOT, '.cache/test-app/watched-entry.js');
/** The app over made-up data. */
export const PRETENDED_ENTRY = path.join(ROOT, '.cache/test-app/pretended-entry.js');
export const PRODUCT_ENTRY = path.join(ROOT, 'dist/main/app/entry.js');

export const PRELOAD = path.join(ROOT, 'dist/main/app/preload.cjs');

/** Builds what users run, and the same app with services that tests can steer. */
export default async function buildAll(): Promise<void> {
  await buildFirst();
  await build({
    entryPoints: ['entry.ts', 'watched-entry.ts', 'pretended-entry.ts'].map((name) =>
      path.join(import.meta.dirname, name),
    ),
    outdir: path.dirname(TEST_ENTRY),
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    external: ['electron', 'better-sqlite3', 'v86'],
    sourcemap: 'inline',
    logLevel: 'warning',
  });
}
