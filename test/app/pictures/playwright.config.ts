import { defineConfig } from '@playwright/test';

/** Not a test: `npm run screenshots` makes the pictures in docs/screenshots anew. */
export default defineConfig({
  testDir: '.',
  testMatch: 'take.ts',
  workers: 1,
  timeout: 240_000,
  reporter: 'list',
  globalSetup: '../support/build.ts',
  outputDir: '../../../artifacts/pictures',
});
