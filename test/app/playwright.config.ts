import { defineConfig } from '@playwright/test';
import { DISPLAYS } from './support/displays.ts';

export default defineConfig({
  testDir: '.',
  testMatch: '**/*.test.ts',
  // One window of a display has the focus at a time.
  workers: Math.max(1, DISPLAYS.length),
  timeout: 60_000,
  // Windows of a real desktop now and then miss their moment on a starved machine. Such a test is told of as flaky.
  retries: 1,
  // Beside other work a window may take its time; what is waited for is there in a moment otherwise.
  expect: { timeout: 20_000 },
  reporter: 'list',
  globalSetup: './support/build.ts',
  outputDir: '../../artifacts/app',
});
