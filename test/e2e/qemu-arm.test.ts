import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { unwrap } from '../../shared/result.ts';
import { MIB } from '../../shared/units.ts';
import type { InstalledAppliance } from '../../main/appliances/built-appliances.ts';
import { createOverlay } from '../../main/storage/overlays/create-overlay.ts';
import { raw, STREAM } from '../support/disk-workbench.ts';
import { boot } from '../support/machine-workbench.ts';
import { inQemu } from '../support/qemu-machines.ts';
import { serve } from '../support/served.ts';
import { tempFolder } from '../support/temp-folder.ts';

/** What UEFI's own shell runs when nothing else starts: it reads the disk, writes to it, and switches off. */
const SCRIPT = ['fs0:', 'type said.txt', 'echo written by the guest > written.txt', 'reset -s', ''];
const SAID = 'read from the disk';

/** A disk that starts an ARM guest, without an operating system. */
function armAppliance(): InstalledAppliance {
  const folder = tempFolder();
  const masterPath = path.join(folder, 'disk.raw');
  fs.writeFileSync(masterPath, '');
  fs.truncateSync(masterPath, 64 * MIB);
  execFileSync('mkfs.fat', ['-F', '32', masterPath]);
  for (const [name, content] of [
    ['startup.nsh', SCRIPT.join('\r\n')],
    ['said.txt', SAID],
  ] as const) {
    fs.writeFileSync(path.join(folder, name), content);
    execFileSync('mcopy', ['-i', masterPath, path.join(folder, name), '::']);
  }
  const description = {
    ...{ formatVersion: 1, id: 'arm', name: 'ARM', summary: '', publisher: '', version: '1' },
    ...{ arch: 'aarch64', licence: '', memoryMiB: 256, diskSizeBytes: 64 * MIB, builtBySetUp: false },
    ...{ disk: { file: 'disk.raw', sizeBytes: 64 * MIB, sha256: '' } },
  } as const;
  return { masterPath, description: description as unknown as InstalledAppliance['description'] };
}

describe('a machine with an ARM processor', () => {
  it('starts from an overlay that streams to standalone, reads and writes it, and is switched off by its guest', async () => {
    const appliance = armAppliance();
    const server = await serve(appliance.masterPath);
    const overlay = path.join(tempFolder(), 'arm.qed');
    const chain = { location: overlay, format: 'qed', backing: raw(server.url) } as const;
    unwrap(await createOverlay(chain, 64 * MIB));
    const running = await boot({ appliance }, chain, 'off', inQemu());
    unwrap(await running.session.disk.startStream(STREAM));
    unwrap(await running.console.waitFor(SAID));
    await running.told.job('BLOCK_JOB_COMPLETED');
    await running.reached(({ kind }) => kind === 'stopped');
    expect(running.session.machine.state).toEqual({ kind: 'stopped', why: 'guest-halted' });
    unwrap(await running.session.close());
    const whole = `${overlay}.raw`;
    execFileSync('qemu-img', ['convert', '-f', 'qed', '-O', 'raw', overlay, whole]);
    expect(execFileSync('mtype', ['-i', whole, '::written.txt'], { encoding: 'utf16le' })).toContain(
      'written by the guest',
    );
  });
});
