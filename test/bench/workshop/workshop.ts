import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { GIB } from '../../../shared/units.ts';
import { err, ok, type Result } from '../../../shared/result.ts';
import type { Children } from './children.ts';

/** Room for the masters and the largest overlays there are at a time. */
const NEEDED_BYTES = 8 * GIB;

/** Names of file systems by what statfs(2) calls them. */
const FILE_SYSTEMS: Readonly<Record<number, string>> = {
  0xef53: 'ext4',
  0x01021994: 'tmpfs',
  0x9123683e: 'btrfs',
  0x58465342: 'xfs',
  0x794c7630: 'overlayfs',
  0x2fc12fc1: 'zfs',
};

/** The folder a run works in, and its end. */
export class Workshop {
  readonly folder: string;
  readonly fileSystem: string;
  #count = 0;

  /**
   * Makes a folder in `BENCH_DIR`, or else in the folder for temporary files, or in `/var/tmp` where that one is
   * kept in memory. It is removed when the process ends, also by Ctrl-C, and the processes of the run with it.
   */
  static open(children: Children): Result<Workshop> {
    const parent = process.env['BENCH_DIR'] ?? temporaryFolder();
    if (!fs.existsSync(parent))
      return err('not-found', `'${parent}' does not exist; BENCH_DIR names the folder`);
    const { bavail, bsize } = fs.statfsSync(parent);
    if (bavail * bsize < NEEDED_BYTES) {
      return err('no-space', `'${parent}' has less than 8 GiB free; name another folder in BENCH_DIR`);
    }
    const workshop = new Workshop(
      fs.mkdtempSync(path.join(parent, 'headwater-bench-')),
      fileSystemOf(parent),
    );
    const close = () => {
      children.killAll();
      fs.rmSync(workshop.folder, { recursive: true, force: true });
    };
    process.once('exit', close);
    for (const [signal, code] of [
      ['SIGINT', 130],
      ['SIGTERM', 143],
      ['SIGHUP', 129],
    ] as const) {
      process.once(signal, () => process.exit(code));
    }
    return ok(workshop);
  }

  private constructor(folder: string, fileSystem: string) {
    this.folder = folder;
    this.fileSystem = fileSystem;
  }

  /** Where a file of this name lies. */
  path(name: string): string {
    return path.join(this.folder, name);
  }

  /** Lends a new file name to `use` and removes the file after it, so that its dirty pages trouble nobody later. */
  async scratch<T>(suffix: string, use: (file: string) => Promise<T>): Promise<T> {
    const file = this.path(`${this.#count++}${suffix}`);
    try {
      return await use(file);
    } finally {
      fs.rmSync(file, { force: true });
    }
  }
}

function temporaryFolder(): string {
  const usual = os.tmpdir();
  return fileSystemOf(usual) === 'tmpfs' && fs.existsSync('/var/tmp') ? '/var/tmp' : usual;
}

function fileSystemOf(folder: string): string {
  const { type } = fs.statfsSync(folder);
  return FILE_SYSTEMS[type] ?? `file system 0x${type.toString(16)}`;
}
