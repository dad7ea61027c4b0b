import fs from 'node:fs';
import path from 'node:path';
import type { GuestArch } from '../../../shared/appliance.ts';

/** What can run guests of a processor, the best first: one that was only thought to be for 32 bits runs in the first, too. */
const PROGRAMS: Readonly<Record<GuestArch, readonly string[]>> = {
  i386: ['qemu-system-x86_64', 'qemu-system-i386'],
  x86_64: ['qemu-system-x86_64'],
  aarch64: ['qemu-system-aarch64'],
};

/** The path of QEMU for a processor; null where it is not installed. @param folders looked through in this order */
export function findProgram(arch: GuestArch, folders: readonly string[]): string | null {
  for (const name of PROGRAMS[arch]) {
    const found = folders.map((folder) => path.join(folder, name)).find(isProgram);
    if (found !== undefined) return found;
  }
  return null;
}

/** The folders of a `PATH`; relative ones mean another place in every program, and are left out. */
export function searchPath(variable: string | undefined): readonly string[] {
  return (variable ?? '').split(path.delimiter).filter((folder) => path.isAbsolute(folder));
}

function isProgram(file: string): boolean {
  try {
    fs.accessSync(file, fs.constants.X_OK);
    return fs.statSync(file).isFile();
  } catch {
    return false;
  }
}

/** All that QEMU gets to know of ours: nothing that could change what it does. */
export function qemuEnvironment(): Record<string, string> {
  return { PATH: process.env['PATH'] ?? '', LC_ALL: 'C' };
}

/** From what `--version` prints; null where that is not QEMU's. */
export function versionIn(output: string): string | null {
  return /^QEMU emulator version (\d+(?:\.\d+)+)/m.exec(output)?.[1] ?? null;
}
