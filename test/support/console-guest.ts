/** A guest that gives a console something to do: `console-guest/guest.S` tells what it does at which order. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { MIB } from '../../shared/units.ts';

const SOURCE = path.resolve(import.meta.dirname, 'console-guest/guest.S');

/** Its disk, with the program at the beginning. Needs binutils, as building Disk Tour does. */
export function consoleGuestDisk(source = SOURCE): Uint8Array {
  const folder = mkdtempSync(path.join(tmpdir(), 'headwater-guest-'));
  const [object, linked, program] = ['guest.o', 'guest.elf', 'guest.bin'].map((name) =>
    path.join(folder, name),
  ) as [string, string, string];
  try {
    execFileSync('as', ['--32', '-o', object, source]);
    execFileSync('ld', ['-m', 'elf_i386', '-Ttext', '0x7c00', '-o', linked, object], { stdio: 'pipe' });
    execFileSync('objcopy', ['-O', 'binary', '-j', '.text', linked, program]);
    const disk = new Uint8Array(MIB);
    disk.set(readFileSync(program));
    return disk;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
