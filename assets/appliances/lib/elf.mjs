// Just enough of the ELF format to answer two questions about a 32-bit program or library: what does it need in order
// to run, and is that there?
import {
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  readlinkSync as readlink,
  statSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';

const PT_LOAD = 1;
const PT_DYNAMIC = 2;
const PT_INTERP = 3;
const DT_NEEDED = 1;
const DT_STRTAB = 5;
const DT_RUNPATH = 29;

/** Segments of a 32-bit little-endian ELF file, or undefined when the file is something else. */
export function readElf32(bytes) {
  if (bytes.length < 52 || bytes.readUInt32BE(0) !== 0x7f454c46 || bytes[4] !== 1 || bytes[5] !== 1)
    return undefined;
  const tableOffset = bytes.readUInt32LE(28);
  const entrySize = bytes.readUInt16LE(42);
  const count = bytes.readUInt16LE(44);
  const segments = [];
  for (let i = 0; i < count; i++) {
    const at = tableOffset + i * entrySize;
    const [type, offset, virtualAddress, physicalAddress, fileBytes, memoryBytes] = [0, 4, 8, 12, 16, 20].map(
      (field) => bytes.readUInt32LE(at + field),
    );
    segments.push({ type, offset, virtualAddress, physicalAddress, fileBytes, memoryBytes });
  }
  return {
    entry: bytes.readUInt32LE(24),
    loadable: segments.filter(({ type }) => type === PT_LOAD),
    segments,
  };
}

/** Interpreter, needed libraries and library search path of a program; empty for static programs. */
function dynamicNeeds(bytes) {
  const elf = readElf32(bytes);
  if (!elf) return undefined;
  const text = (at) => bytes.toString('latin1', at, bytes.indexOf(0, at));
  const interpreter = elf.segments.find(({ type }) => type === PT_INTERP);
  const dynamic = elf.segments.find(({ type }) => type === PT_DYNAMIC);
  const needs = { interpreter: interpreter && text(interpreter.offset), libraries: [], searchPath: [] };
  if (!dynamic) return needs;

  const entries = [];
  for (let at = dynamic.offset; at < dynamic.offset + dynamic.fileBytes; at += 8) {
    entries.push([bytes.readUInt32LE(at), bytes.readUInt32LE(at + 4)]);
  }
  const tableAddress = entries.find(([tag]) => tag === DT_STRTAB)?.[1] ?? 0;
  const home = elf.loadable.find(
    ({ virtualAddress, memoryBytes }) =>
      tableAddress >= virtualAddress && tableAddress < virtualAddress + memoryBytes,
  );
  if (!home) return needs;
  const strings = tableAddress - home.virtualAddress + home.offset;
  for (const [tag, value] of entries) {
    if (tag === DT_NEEDED) needs.libraries.push(text(strings + value));
    if (tag === DT_RUNPATH) needs.searchPath.push(...text(strings + value).split(':'));
  }
  return needs;
}

/**
 * Looks through a guest's file tree for programs that could not start there: a library, a program interpreter or a
 * script's `#!` program is missing. Returns one sentence per problem.
 */
export function findUnrunnable(tree, libraryFolders) {
  const problems = [];
  const reachable = (path) => existsInTree(tree, path);
  for (const path of filesBelow(tree)) {
    const bytes = readFileSync(join(tree, path));
    const executable = (lstatSync(join(tree, path)).mode & 0o111) !== 0;
    if (executable && bytes.toString('latin1', 0, 2) === '#!') {
      const program = bytes.toString('latin1', 2, bytes.indexOf('\n')).trim().split(/\s+/);
      const wanted = basename(program[0]) === 'env' ? `/usr/bin/${program[1]}` : program[0];
      if (!reachable(wanted)) problems.push(`${path} is a script for ${wanted}, which is missing`);
    }
    const needs = dynamicNeeds(bytes);
    if (!needs) continue;
    if (needs.interpreter && !reachable(needs.interpreter))
      problems.push(`${path} needs ${needs.interpreter}`);
    for (const library of needs.libraries) {
      const places = [
        ...needs.searchPath.map((place) => place.replace('$ORIGIN', dirname(path))),
        ...libraryFolders,
      ];
      if (!places.some((place) => reachable(join(place, library))))
        problems.push(`${path} needs the library ${library}`);
    }
  }
  return problems;
}

/** Does the path lead to a file when `tree` is the root folder? Absolute symbolic links are taken relative to it. */
function existsInTree(tree, path, depth = 0) {
  if (depth > 20) return false;
  let current = '';
  for (const [index, part] of path.split('/').filter(Boolean).entries()) {
    const rest = path
      .split('/')
      .filter(Boolean)
      .slice(index + 1);
    const here = `${current}/${part}`;
    let status;
    try {
      status = lstatSync(join(tree, here));
    } catch {
      return false;
    }
    if (status.isSymbolicLink()) {
      const target = readlink(join(tree, here));
      const next = target.startsWith('/') ? target : join(current, target);
      return existsInTree(tree, join('/', next, ...rest), depth + 1);
    }
    current = here;
  }
  return existsSync(join(tree, current)) && statSync(join(tree, current)).isFile();
}

/** Paths (from `/`) of all regular files, in a stable order. */
export function filesBelow(tree, folder = '') {
  const found = [];
  for (const entry of readdirSync(join(tree, folder), { withFileTypes: true }).sort(byName)) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) found.push(...filesBelow(tree, path));
    else if (entry.isFile()) found.push(path);
  }
  return found;
}

const byName = (a, b) => (a.name < b.name ? -1 : 1);
