import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { tempFolder } from '../../../test/support/temp-folder.ts';
import { findUefi } from './uefi.ts';

describe('the firmware of ARM guests', () => {
  it('is what came with QEMU, or what the distribution has, or is not there', () => {
    const folder = tempFolder();
    const program = path.join(folder, 'bin/qemu-system-aarch64');
    const distributions = path.join(folder, 'QEMU_EFI.fd');
    const own = path.join(folder, 'share/qemu/edk2-aarch64-code.fd');
    const found = () => findUefi(program, [distributions]);
    expect(found()).toBeNull();
    fs.writeFileSync(distributions, '');
    expect(found()).toBe(distributions);
    fs.mkdirSync(path.dirname(own), { recursive: true });
    fs.writeFileSync(own, '');
    expect(found()).toBe(own);
  });
});
