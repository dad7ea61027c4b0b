/** Programs that tests start as processes of their own: bundled from TypeScript, run by plain Node. */
import { rmSync } from 'node:fs';
import path from 'node:path';
import { buildSync } from 'esbuild';

export const PROJECT_ROOT = path.resolve(import.meta.dirname, '../..');

export interface TestProgram {
  readonly path: string;
  remove(): void;
}

/**
 * Bundles a program. It lies inside the project, where it finds the built worker threads and the packages.
 * @param source path of its entry, from the project's root
 */
export function buildTestProgram(source: string): TestProgram {
  const name = path.basename(source, '.ts');
  const outfile = path.join(PROJECT_ROOT, `.cache/test-programs/${name}-${process.pid}.mjs`);
  buildSync({
    entryPoints: [path.join(PROJECT_ROOT, source)],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    external: ['v86'],
    logLevel: 'error',
  });
  return { path: outfile, remove: () => rmSync(outfile, { force: true }) };
}
