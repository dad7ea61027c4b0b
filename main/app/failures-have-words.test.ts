import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

const MAIN = path.dirname(import.meta.dirname);
/** Who answers windows, and tells them how machines and disks are. */
const ANSWERING = [
  'activities',
  'app',
  'appliances',
  'disks',
  'machines/consoles',
  'machines/service',
  'masters',
  'preferences',
];
/** Of these the code says all that there is to say: it was ended, or is a bug, or what was read is not what it should be. */
const SAID_BY_CODE = new Set(['cancelled', 'closed', 'internal', 'malformed', 'permission-denied']);
/** For commands alone, which speak English. */
const OF_COMMANDS = /^masters\/publish\//;

const sources = ANSWERING.flatMap((folder) =>
  readdirSync(path.join(MAIN, folder), { recursive: true, encoding: 'utf8' })
    .map((file) => path.join(folder, file))
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts') && !OF_COMMANDS.test(file)),
);

/** Failures that are made without words, by their code and English text. */
function wordless(file: string): readonly string[] {
  const source = ts.createSourceFile(
    file,
    readFileSync(path.join(MAIN, file), 'utf8'),
    ts.ScriptTarget.Latest,
  );
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && node.expression.getText(source) === 'err') {
      const [code, text, details] = node.arguments.map((argument) => argument.getText(source));
      const known = code !== undefined && SAID_BY_CODE.has(code.slice(1, -1));
      if (!known && details?.includes('words') !== true) found.push(`${code ?? ''}: ${text ?? ''}`);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

describe('failures that windows show', () => {
  it('are looked for where windows are answered', () => expect(sources.length).toBeGreaterThan(60));

  it.each(sources)('have words for every language in %s', (file) => expect(wordless(file)).toEqual([]));
});
