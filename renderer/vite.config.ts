import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';

/** Run by scripts/build.mjs, which also puts the result where it belongs. */
export default defineConfig({
  root: import.meta.dirname,
  base: './',
  logLevel: 'warn',
  publicDir: false,
  plugins: [svelte({ configFile: false, compilerOptions: { runes: true } })],
  build: {
    outDir: '../dist/renderer',
    // The carried runtime's Chromium; the npm package `electron` names a newer one. See scripts/offline/.
    target: 'chrome130',
    sourcemap: true,
    modulePreload: { polyfill: false },
    // The policy of windows allows no `data:` scripts, fonts or styles.
    assetsInlineLimit: 0,
    rolldownOptions: {
      input: [`${import.meta.dirname}/index.html`, `${import.meta.dirname}/console.html`],
    },
  },
  worker: { format: 'es' },
});
