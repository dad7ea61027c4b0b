import js from '@eslint/js';
import boundaries from 'eslint-plugin-boundaries';
import svelte from 'eslint-plugin-svelte';
import globals from 'globals';
import tseslint from 'typescript-eslint';
import { noRings } from './scripts/lint/no-rings.mjs';

/** The layers of the design, lowest first, each with those right below it: it may import these and all that is below them. */
const LAYERS = {
  shared: [],
  activities: ['shared'],
  threads: ['shared'],
  block: ['shared'],
  sockets: ['block'],
  nbd: ['sockets'],
  qed: ['block'],
  'streaming/limits': ['qed'],
  'streaming/waiting': ['qed'],
  'streaming/window': ['qed'],
  'streaming/order': ['qed'],
  'streaming/copy-on-read': ['streaming/order', 'streaming/window', 'streaming/limits', 'streaming/waiting'],
  'streaming/boot-pack': ['streaming/window', 'streaming/limits', 'streaming/waiting'],
  'streaming/job': ['streaming/order', 'streaming/window', 'streaming/limits', 'streaming/waiting'],
  streaming: ['streaming/job', 'streaming/copy-on-read', 'streaming/boot-pack'],
  'storage/lock': ['block'],
  'storage/block-port': ['block'],
  'storage/chain': ['storage/lock', 'storage/block-port', 'streaming', 'threads'],
  'storage/pack': ['storage/chain'],
  'storage/copy-worker': ['storage/pack'],
  'storage/disk': ['storage/copy-worker', 'nbd'],
  'storage/download': ['storage/chain'],
  'storage/saved-state': ['storage/download'],
  'storage/overlays': ['storage/pack', 'storage/saved-state'],
  storage: ['storage/disk', 'storage/overlays'],
  catalog: ['block'],
  preferences: ['catalog'],
  serve: ['block'],
  masters: ['activities', 'catalog', 'storage'],
  feeds: ['catalog', 'storage'],
  appliances: ['feeds', 'masters'],
  disks: ['activities', 'preferences', 'storage'],
  rfb: ['shared'],
  machines: ['disks', 'rfb'],
  monitor: ['machines'],
  app: ['monitor', 'appliances'],
  cli: ['monitor', 'appliances', 'serve'],
  'renderer/reactive': ['shared'],
  'renderer/ipc': ['shared'],
  'renderer/i18n': ['renderer/reactive'],
  'renderer/ui': ['renderer/i18n'],
  'renderer/state': ['renderer/i18n', 'renderer/ipc'],
  'renderer/domain': ['renderer/state', 'renderer/ui'],
  'renderer/catalog': ['renderer/domain'],
  'renderer/machines': ['renderer/domain'],
  'renderer/overlays': ['renderer/domain'],
  'renderer/console': ['renderer/domain'],
  'renderer/preferences': ['renderer/domain'],
  'renderer/shell': ['renderer/catalog', 'renderer/machines', 'renderer/overlays', 'renderer/preferences'],
  'renderer/testing': ['shared'],
  renderer: ['renderer/shell', 'renderer/console'],
  test: ['cli', 'app', 'renderer', 'renderer/testing'],
};
const fromHereDown = (layer) => [layer, ...LAYERS[layer].flatMap(fromHereDown)];

const OUTSIDE_MAIN = ['shared', 'renderer', 'test'];
const element = (layer) => ({
  type: layer,
  pattern: OUTSIDE_MAIN.includes(layer.split('/')[0]) ? layer : `main/${layer}`,
});

/** @param also what every layer may import besides */
const layering = (also) => [
  'error',
  {
    default: 'disallow',
    policies: Object.keys(LAYERS).map((layer) => ({
      from: { element: { type: layer } },
      allow: { to: { element: { type: [...fromHereDown(layer), ...also] } } },
    })),
  },
];

export default tseslint.config(
  { ignores: ['dist/', '.cache/', 'node_modules/', 'artifacts/', 'coverage/'] },
  js.configs.recommended,
  {
    files: ['**/*.ts', '**/*.svelte'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: {
      parserOptions: {
        projectService: true,
        tsconfigRootDir: import.meta.dirname,
        extraFileExtensions: ['.svelte'],
      },
    },
    plugins: { boundaries },
    settings: {
      'boundaries/elements': Object.keys(LAYERS).map(element),
      'boundaries/include': ['main/**/*', 'renderer/**/*', 'shared/**/*', 'test/**/*'],
      'import/resolver': { node: { extensions: ['.ts', '.js'] } },
    },
    rules: {
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/no-confusing-void-expression': [
        'error',
        { ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true },
      ],
      '@typescript-eslint/no-invalid-void-type': 'off', // Result<void>, and maps of calls to their answers
      '@typescript-eslint/require-await': 'off', // contracts are asynchronous, some implementations need not be
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/no-unnecessary-condition': ['error', { allowConstantLoopConditions: true }],
      'no-console': 'error',
      eqeqeq: 'error',
      'boundaries/dependencies': layering([]),
    },
  },
  {
    // Everything else runs without a window, too.
    files: ['main/**/*.ts', 'shared/**/*.ts'],
    ignores: ['main/app/**'],
    rules: { 'no-restricted-imports': ['error', { paths: ['electron'] }] },
  },
  {
    files: ['renderer/**/*'],
    ignores: ['renderer/vite.config.ts', 'renderer/**/*.test.ts'],
    rules: { 'no-restricted-imports': ['error', { paths: ['electron'], patterns: ['node:*'] }] },
  },
  {
    files: ['renderer/**/*.svelte', 'renderer/**/*.svelte.ts'],
    extends: [svelte.configs.recommended],
    languageOptions: { parserOptions: { parser: tseslint.parser }, globals: globals.browser },
    rules: {
      // The compiler knows these better.
      'prefer-const': 'off',
      'no-undef': 'off',
      // Components are of no known type here; svelte-check, which knows them, finds every implicit `any`.
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
    },
  },
  {
    // Unit tests sit beside the code, share their simulators in `test/support`, serve what they fetch and look into images.
    files: ['main/**/*.test.ts'],
    rules: { 'boundaries/dependencies': layering(['test', 'serve', 'storage/overlays']) },
  },
  {
    files: ['renderer/**/*.test.ts'],
    rules: { 'boundaries/dependencies': layering(['renderer/testing']) },
  },
  {
    // The engine runs under a simulated clock and simulated files.
    files: ['main/qed/**/*.ts', 'main/streaming/**/*.ts'],
    ignores: ['**/*.test.ts'],
    rules: {
      'no-restricted-globals': ['error', 'setTimeout', 'setInterval', 'setImmediate', 'performance', 'Date'],
      'no-restricted-properties': ['error', { object: 'Math', property: 'random' }],
      'no-restricted-imports': [
        'error',
        {
          paths: ['electron'],
          patterns: ['node:fs', 'node:fs/*', 'node:net', 'node:timers', 'node:timers/*'],
        },
      ],
    },
  },
  {
    // Layers say who may stand on whom; this holds within each of them, at every depth.
    files: ['**/*.ts', '**/*.mjs', '**/*.svelte'],
    plugins: {
      folders: noRings({
        root: import.meta.dirname,
        folders: ['main', 'renderer', 'shared', 'test'],
      }),
    },
    rules: { 'folders/no-rings': 'error' },
  },
  {
    files: ['**/*.js', '**/*.mjs'],
    languageOptions: { globals: globals.node },
  },
  {
    files: ['**/*.cjs'],
    languageOptions: { globals: globals.node, sourceType: 'commonjs' },
  },
);
