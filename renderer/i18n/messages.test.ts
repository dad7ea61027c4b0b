import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parse, type AST } from 'svelte/compiler';
import { describe, expect, it } from 'vitest';
import { de } from './de.ts';
import { en } from './en.ts';

/** Every message as "group.key" with its kind: functions take the same number of values in all languages. */
function keys(messages: object, prefix = ''): readonly string[] {
  return Object.entries(messages).flatMap(([key, value]: [string, unknown]) =>
    typeof value === 'object' && value !== null
      ? keys(value, `${prefix}${key}.`)
      : [`${prefix}${key}: ${typeof value}${typeof value === 'function' ? ` of ${value.length}` : ''}`],
  );
}

function texts(messages: object): readonly string[] {
  return Object.values(messages).flatMap((value: unknown) =>
    typeof value === 'object' && value !== null ? texts(value) : typeof value === 'string' ? [value] : [],
  );
}

describe('the messages', () => {
  it('are the same ones in both languages', () => expect(keys(de)).toEqual(keys(en)));

  it('are nowhere empty', () => {
    for (const text of [...texts(en), ...texts(de)]) expect(text.trim()).not.toBe('');
  });

  it('have a plural', () => {
    expect(en.shell.streaming(1, '1')).toBe('1 disk streaming');
    expect(en.shell.streaming(3, '3')).toBe('3 disks streaming');
    expect(de.shell.streaming(1, '1')).toBe('1 Platte streamt');
    expect(de.shell.streaming(3, '3')).toBe('3 Platten streamen');
  });
});

const root = path.dirname(import.meta.dirname);
const components = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((file) =>
  file.endsWith('.svelte'),
);
/** The same in every language. */
const NAMES = new Set(['Headwater', 'QED', 'tcp:2222:22']);
const SPOKEN = new Set([
  'title',
  'label',
  'heading',
  'hint',
  'placeholder',
  'alt',
  'aria-label',
  'text',
  'confirm',
]);
const hasWords = (text: string) =>
  /\p{L}{2}/u.test(text) && !NAMES.has(text.trim()) && !/^(https|nbd):\/\/$/.test(text.trim());

/** Words that stand in a template instead of coming from the messages. */
function hardCoded(file: string): readonly string[] {
  const found: string[] = [];
  const visit = (node: unknown): void => {
    if (Array.isArray(node)) return node.forEach(visit);
    if (typeof node !== 'object' || node === null) return;
    const { type } = node as { type?: unknown };
    if (type === 'StyleDirective') return;
    if (type === 'Attribute') {
      const { name, value } = node as AST.Attribute;
      const parts = value === true ? [] : Array.isArray(value) ? value : [value];
      for (const part of parts) {
        if (part.type === 'Text' && SPOKEN.has(name) && hasWords(part.data))
          found.push(`${name}="${part.data}"`);
        if (part.type !== 'Text') visit(part);
      }
      return;
    }
    if (type === 'Text' && hasWords((node as AST.Text).data)) found.push((node as AST.Text).data.trim());
    Object.values(node).forEach(visit);
  };
  visit(parse(readFileSync(path.join(root, file), 'utf8'), { modern: true }).fragment);
  return found;
}

describe('templates', () => {
  it.each(components)('%s says nothing on its own', (file) => expect(hardCoded(file)).toEqual([]));
});
