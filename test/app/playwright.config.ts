import { defineConfig } from '@playwright/test';

export default defineConfig({
  testDir: '.',
  testMatch: '**/*.test.ts',
  // One window has the focus at a time, and a test machine has few cores.
  workers: 1,
  timeout: 60_000,
  // Windows of a real desktop now and then miss their moment on a starved machine. Such a test is told of as flaky.
  retries: 1,
  // Beside other work a window may take its time; what is waited for is there in a moment otherwise.
  expect: { timeout: 20_000 },
  reporter: 'list',
  globalSetup: './support/build.ts',
  outputDir: '../../artifacts/app',
});
