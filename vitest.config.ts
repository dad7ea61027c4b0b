import { defineConfig } from 'vitest/config';

/** Worker threads run as they were built: the build must be that of the sources. */
const globalSetup = ['test/support/build-first.mjs'];

/** How long a test waits for what must come: as long as a busy machine may take. None of it passes where all is well. */
const PATIENCE_MS = 30_000;
const expectations = { poll: { timeout: PATIENCE_MS } };

/** Suites that span folders; unit tests sit beside the code they specify. */
const suite = (name: string, timeoutSeconds: number) => ({
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    globalSetup,
    expect: expectations,
    testTimeout: timeoutSeconds * 1000,
    hookTimeout: timeoutSeconds * 1000,
  },
});

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: [
            'main/**/*.test.ts',
            'renderer/**/*.test.ts',
            'shared/**/*.test.ts',
            'scripts/**/*.test.mjs',
            'assets/**/*.test.mjs',
          ],
          globalSetup,
          expect: expectations,
          testTimeout: 2 * PATIENCE_MS,
        },
      },
      suite('oracle', 120),
      suite('crash', 600),
      suite('e2e', 600),
    ],
  },
});
