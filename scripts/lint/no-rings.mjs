// An ESLint plugin with one rule: in every folder the arrows between its files and sub-folders point one way. What a file
// imports is an arrow between those two siblings, at whatever depth, below which the two files lie. Unit tests may look
// anywhere: nothing imports them.
import { readdirSync, readFileSync } from 'node:fs';
import { posix, relative } from 'node:path';
import ts from 'typescript';

const SOURCE = /\.(ts|mjs|svelte)$/;
const UNIT_TEST = /\.test\.[^/]+$/;

/** @param folders those below `root` whose files count; they are read once, when the first file is checked */
export function noRings({ root, folders }) {
  let known;
  const arrows = () => (known ??= arrowsBetween(root, folders));

  const rule = {
    meta: {
      type: 'problem',
      schema: [],
      messages: {
        ring: '{{from}} → {{to}} closes a ring: {{back}}. What both need belongs below or above both.',
      },
    },
    create(context) {
      const file = relative(root, context.filename).replaceAll('\\', '/');
      if (UNIT_TEST.test(file)) return {};
      const check = ({ source }) => {
        const arrow = typeof source?.value === 'string' ? arrowOf(file, source.value) : null;
        const back = arrow && wayBetween(arrows(), arrow.to, arrow.from);
        if (back)
          context.report({ node: source, messageId: 'ring', data: { ...arrow, back: back.join(', ') } });
      };
      return {
        ImportDeclaration: check,
        ImportExpression: check,
        ExportNamedDeclaration: check,
        ExportAllDeclaration: check,
        TSImportType: check,
      };
    },
  };
  return { rules: { 'no-rings': rule } };
}

/** From each file or folder to its siblings: by whom they are imported. */
function arrowsBetween(root, folders) {
  const arrows = new Map();
  for (const file of folders.flatMap((folder) => sources(root, folder))) {
    const { importedFiles } = ts.preProcessFile(readFileSync(`${root}/${file}`, 'utf8'));
    for (const { fileName } of importedFiles) {
      const arrow = arrowOf(file, fileName);
      if (arrow === null) continue;
      if (!arrows.has(arrow.from)) arrows.set(arrow.from, new Map());
      arrows.get(arrow.from).set(arrow.to, file);
    }
  }
  return arrows;
}

function sources(root, folder) {
  return readdirSync(`${root}/${folder}`, { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return sources(root, path);
    return SOURCE.test(path) && !UNIT_TEST.test(path) ? [path] : [];
  });
}

/** The siblings between which an import leads; null for packages, and for what a file imports of its own folder's path. */
function arrowOf(file, specifier) {
  if (!specifier.startsWith('.')) return null;
  const from = file.split('/');
  const to = posix.join(posix.dirname(file), specifier).split('/');
  const depth = from.findIndex((part, index) => part !== to[index]);
  if (depth === -1) return null;
  const until = (parts) => parts.slice(0, depth + 1).join('/');
  return { from: until(from), to: until(to) };
}

/** The shortest way along the arrows, told step by step; null where there is none. */
function wayBetween(arrows, start, end) {
  const reached = new Map([[start, []]]);
  for (const [place, way] of reached) {
    if (place === end) return way;
    for (const [next, file] of arrows.get(place) ?? []) {
      if (!reached.has(next)) reached.set(next, [...way, `${place} → ${next} (${file})`]);
    }
  }
  return null;
}
