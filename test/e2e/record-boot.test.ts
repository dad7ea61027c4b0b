import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { MIB } from '../../shared/units.ts';
import type { MasterDescription } from '../../shared/master.ts';
import { PROJECT_ROOT } from '../support/test-program.ts';
import { HeadwaterProcess } from '../support/headwater-process.ts';
import { tempFolder } from '../support/temp-folder.ts';

const DISK = path.join(PROJECT_ROOT, '.cache/appliances/tiny-linux/disk.raw');

async function headwater(...args: string[]): Promise<string> {
  const run = HeadwaterProcess.start(args);
  const { code } = await run.ended;
  expect({ code, stderr: run.stderr }).toEqual({ code: 0, stderr: '' });
  return run.stdout;
}

interface Told {
  readonly folder: string;
  readonly master: MasterDescription;
}

describe('the boot of a published master', () => {
  it('is recorded until the login prompt, and published with the master', async () => {
    const told = await headwater('master', 'publish', DISK, '--out', tempFolder(), '--json');
    const { folder } = JSON.parse(told) as Told;
    const recorded = JSON.parse(
      await headwater('master', 'record-boot', folder, '--memory', '64', '--json'),
    ) as Told;
    const { bootProfile, bootPack } = recorded.master;
    // A kernel, a shell and some libraries: more than a little, and far from all of the disk.
    expect(bootProfile?.bootBytes).toBeGreaterThan(4 * MIB);
    expect(bootProfile?.bootBytes).toBeLessThan(40 * MIB);
    expect(bootPack?.uncompressedBytes).toBe(bootProfile?.bootBytes);
    expect(bootPack?.lengthBytes).toBeLessThan(bootPack?.uncompressedBytes ?? 0);
    expect(await headwater('master', 'verify', folder)).toContain('is as its description says');

    // The same boot, packed by another program run, is the same pack.
    const profile = path.join(folder, 'boot.json');
    const again = JSON.parse(
      await headwater('master', 'record-boot', folder, '--profile', profile, '--json'),
    ) as Told;
    expect(again.master).toEqual(recorded.master);
  });

  it('is recorded in QEMU, by the reads of its NBD client', async () => {
    const told = await headwater('master', 'publish', DISK, '--out', tempFolder(), '--json');
    const { folder, master } = JSON.parse(told) as Told;
    const recorded = JSON.parse(
      await headwater('master', 'record-boot', folder, '--backend', 'qemu', '--arch', 'i386', '--json'),
    ) as Told;
    const { bootProfile, bootPack } = recorded.master;
    // As much as in v86: a kernel, a shell and some libraries.
    expect(bootProfile?.bootBytes).toBeGreaterThan(4 * MIB);
    expect(bootProfile?.bootBytes).toBeLessThan(60 * MIB);
    expect(bootPack?.uncompressedBytes).toBe(bootProfile?.bootBytes);
    // The disk is what it was: what the guest wrote is not of it.
    expect(recorded.master.sha256).toBe(master.sha256);
    expect(await headwater('master', 'verify', folder)).toContain('is as its description says');
  });
});
