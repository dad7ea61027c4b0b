// Files and folders of a guest while they still lie in a folder of the machine that builds it.
import {
  chmodSync,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { filesBelow } from './elf.mjs';

/** Permissions never depend on the umask of whoever builds. */
export function writeInTree(path, content, executable = false) {
  makeFolder(dirname(path));
  writeFileSync(path, content);
  chmodSync(path, executable ? 0o755 : 0o644);
}

export function copyIntoTree(from, to) {
  makeFolder(dirname(to));
  copyFileSync(from, to);
  chmodSync(to, 0o644);
}

/** Copies a recipe's own files over a tree, with the version put where they say `@VERSION@`. */
export function copyOwnFiles(from, tree, version) {
  for (const path of filesBelow(from)) {
    const text = readFileSync(join(from, path), 'utf8').replaceAll('@VERSION@', version);
    writeInTree(join(tree, path), text, (lstatSync(join(from, path)).mode & 0o100) !== 0);
  }
}

export function makeFolder(path) {
  if (existsSync(path)) return;
  makeFolder(dirname(path));
  mkdirSync(path);
  chmodSync(path, 0o755);
}

/** Lines of a table beside a recipe: comments and blank lines dropped, words split. */
export function readTable(file) {
  const lines = readFileSync(file, 'utf8').split('\n');
  return lines
    .filter((line) => line.trim() !== '' && !line.startsWith('#'))
    .map((line) => line.trim().split(/\s+/));
}
