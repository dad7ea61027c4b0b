// Programs of our own for i386 guests, in assembler: static, a few hundred bytes, the same everywhere.
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { run } from './command.mjs';

/** @param {string} work folder for intermediate files @returns {Buffer} the program, as an ELF file */
export function assemble(source, work) {
  const name = basename(source, '.S');
  const object = join(work, `${name}.o`);
  const program = join(work, `${name}.elf`);
  run('as', ['--32', '-o', object, source]);
  run('ld', ['-m', 'elf_i386', '--strip-all', '--build-id=none', '-o', program, object]);
  return readFileSync(program);
}
