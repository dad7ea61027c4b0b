import type { GuestArch } from '../../../shared/appliance.ts';
import { qemuMissing } from '../../../shared/back-end.ts';
import { err, ok, type Result } from '../../../shared/result.ts';
import type { Accelerator } from './accelerator.ts';
import { findProgram, searchPath, versionIn } from './programs.ts';
import { runShortly } from './run-shortly.ts';
import { tryGuest } from './trial.ts';
import { findUefi } from './uefi.ts';

/** QEMU on this computer, and what works with it. */
export interface QemuProgram {
  readonly path: string;
  /** Such as `7.2.22`. */
  readonly version: string;
  readonly accelerator: Accelerator;
  /** A file; null where the guest's comes with QEMU. */
  readonly firmware: string | null;
  /** Options that keep it from doing what a machine never needs; empty where it was built without. */
  readonly sandbox: readonly string[];
}

/** What the system offers, where there is a processor of the guest's kind in the computer. */
const ACCELERATORS: Partial<Record<NodeJS.Platform, Accelerator>> = {
  linux: 'kvm',
  darwin: 'hvf',
  win32: 'whpx',
};

const NODE_ARCHES: Readonly<Record<GuestArch, readonly string[]>> = {
  i386: ['x64', 'ia32'],
  x86_64: ['x64'],
  aarch64: ['arm64'],
};

const SANDBOX = ['-sandbox', 'on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny'];
/** Debian's name; other distributions have similar ones. */
const UEFI_PACKAGE = 'qemu-efi-aarch64';
const VERSION_LIMIT_MS = 10_000;

export interface QemuHostOptions {
  /** Where it is looked for. Default: the `PATH` of this program. */
  readonly path?: string | undefined;
}

/** The QEMU of this computer. What works is found out once, by trying it, and kept for as long as the program runs. */
export class QemuHost {
  readonly #options: QemuHostOptions;
  /** By program and accelerator asked for. */
  readonly #found = new Map<string, Promise<Result<QemuProgram>>>();
  readonly #known = new Map<string, QemuProgram>();
  #folder: string | null = null;

  constructor(options: QemuHostOptions = {}) {
    this.#options = options;
  }

  /** @param folder looked through before the others; null for none. @returns whether it was another one */
  setFolder(folder: string | null): boolean {
    const changed = folder !== this.#folder;
    this.#folder = folder;
    return changed;
  }

  /** Whether there is a QEMU for this processor. */
  has(arch: GuestArch): boolean {
    return this.#find(arch) !== null;
  }

  /**
   * QEMU for a processor, with the fastest way that works; `accelerate: false` for its own translator in any case. Fails
   * with `not-found` and what to install.
   */
  async program(arch: GuestArch, accelerate = true): Promise<Result<QemuProgram>> {
    const wanted = this.#wanted(arch, accelerate);
    if (wanted === null) return qemuMissing(arch);
    const { key, path, accelerator } = wanted;
    const looking = this.#found.get(key) ?? look(arch, path, accelerator);
    this.#found.set(key, looking);
    const program = await looking;
    if (program.ok) this.#known.set(key, program.value);
    // It may be mended by the next time.
    else this.#found.delete(key);
    return program;
  }

  /** What {@link program} has answered; null while it was not asked, or did not find any. */
  known(arch: GuestArch, accelerate = true): QemuProgram | null {
    return this.#known.get(this.#wanted(arch, accelerate)?.key ?? '') ?? null;
  }

  #wanted(arch: GuestArch, accelerate: boolean) {
    const path = this.#find(arch);
    if (path === null) return null;
    const own = accelerate && NODE_ARCHES[arch].includes(process.arch);
    const accelerator = own ? (ACCELERATORS[process.platform] ?? 'tcg') : 'tcg';
    return { key: `${accelerator} ${path}`, path, accelerator };
  }

  #find(arch: GuestArch): string | null {
    const { path = process.env['PATH'] } = this.#options;
    const own = this.#folder === null ? [] : [this.#folder];
    return findProgram(arch, [...own, ...searchPath(path)]);
  }
}

async function look(arch: GuestArch, path: string, accelerator: Accelerator): Promise<Result<QemuProgram>> {
  const { output } = await runShortly(path, ['--version'], VERSION_LIMIT_MS);
  const version = versionIn(output);
  if (version === null) {
    return err('unsupported', `'${path}' does not say that it is QEMU: ${output.trim().slice(0, 200)}`);
  }
  const firmware = arch === 'aarch64' ? findUefi(path) : null;
  if (arch === 'aarch64' && firmware === null) return uefiMissing(path);
  for (const tried of new Set<Accelerator>([accelerator, 'tcg'])) {
    for (const sandbox of [SANDBOX, []]) {
      const runs = await tryGuest(arch, path, tried, sandbox);
      if (!runs.ok) return runs;
      if (runs.value) return ok({ path, version, accelerator: tried, firmware, sandbox });
    }
  }
  return err('unsupported', `'${path}' (QEMU ${version}) does not run: a trial of a few instructions failed`);
}

function uefiMissing(path: string) {
  return err(
    'not-found',
    `'${path}' has no UEFI firmware, which ARM guests start with; install it (Debian's package is ${UEFI_PACKAGE})`,
    { words: ['qemu-missing', 'aarch64', UEFI_PACKAGE] },
  );
}
