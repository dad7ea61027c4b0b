import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { jsonSchemas } from './json-schemas.ts';

const FOLDER = path.resolve(import.meta.dirname, '../docs/schemas');

describe('the JSON Schemas in docs/schemas', () => {
  it.each(Object.entries(jsonSchemas()))('say what the code checks: %s', (name, schema) => {
    const written: unknown = JSON.parse(fs.readFileSync(path.join(FOLDER, name), 'utf8'));
    expect(written, 'run: npm run schemas').toEqual(JSON.parse(JSON.stringify(schema)));
  });

  it('are all there is', () => {
    expect(fs.readdirSync(FOLDER).sort()).toEqual(Object.keys(jsonSchemas()).sort());
  });
});
