/** Files in the Linux file system of a raw disk, read by its own tools (e2fsprogs) and without mounting it. */
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';

/** Where the first partition begins. */
const PARTITION = 'offset=1048576';
const place = (disk: string) => `${disk}?${PARTITION}`;

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** The checksum of every regular file below `from`, by its path; taken out of the disk through `scratch`, an empty folder. */
export function filesIn(disk: string, from: string, scratch: string): Record<string, string> {
  execFileSync('debugfs', ['-R', `rdump ${from} ${scratch}`, place(disk)], { stdio: 'ignore' });
  const top = from === '/' ? scratch : path.join(scratch, path.basename(from));
  const entries = fs
    .readdirSync(top, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile());
  return Object.fromEntries(
    entries.map(({ parentPath, name }) => {
      const file = path.join(parentPath, name);
      return [path.join(from, path.relative(top, file)), sha256(fs.readFileSync(file))];
    }),
  );
}

/** What e2fsck says of a file system that it is only to look at. */
export function checkExt(disk: string): { readonly clean: boolean; readonly report: string } {
  const { status, stdout, stderr } = spawnSync('e2fsck', ['-fn', place(disk)], { encoding: 'utf8' });
  return { clean: status === 0, report: `${stdout}${stderr}` };
}
