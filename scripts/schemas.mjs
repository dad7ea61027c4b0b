// `npm run schemas`: writes docs/schemas/ from the schemas in shared/, which are TypeScript.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import * as prettier from 'prettier';
import { ROOT } from './setup/paths.mjs';

const { outputFiles } = await build({
  entryPoints: [join(ROOT, 'shared/json-schemas.ts')],
  bundle: true,
  platform: 'node',
  format: 'esm',
  write: false,
});
const { jsonSchemas } = await import(
  `data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`
);

const folder = join(ROOT, 'docs/schemas');
mkdirSync(folder, { recursive: true });
for (const [name, schema] of Object.entries(jsonSchemas())) {
  const file = join(folder, name);
  const options = await prettier.resolveConfig(file);
  writeFileSync(file, await prettier.format(JSON.stringify(schema), { ...options, filepath: file }));
}
