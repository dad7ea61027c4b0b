import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { unwrap } from '../../../shared/result.ts';
import { MIB } from '../../../shared/units.ts';
import { tempFolder } from '../../../test/support/temp-folder.ts';
import { QemuImg } from './qemu-img.ts';

const NEEDS_OTHER = { failure: { code: 'unsupported', words: ['needs-backing-file', expect.anything()] } };

/** Stands for a qemu-img that must not be called: it would be told of as one that is not installed. */
const uncalled = new QemuImg(path.join('/nowhere', 'qemu-img'));

describe('a look at an image of another format', () => {
  it('tells the size of a vmdk that is one file', async () => {
    const image = path.join(tempFolder(), 'sparse.vmdk');
    expect(spawnSync('qemu-img', ['create', '-f', 'vmdk', image, '2M']).status).toBe(0);
    expect(unwrap(await new QemuImg().lengthOf({ path: image, format: 'vmdk' }))).toBe(2 * MIB);
  });

  it('refuses a vmdk that only names others, before qemu-img could open them', async () => {
    const image = path.join(tempFolder(), 'names.vmdk');
    fs.writeFileSync(image, '# Disk DescriptorFile\nversion=1\nRW 4096 FLAT "/etc/shadow" 0\n');
    expect(await uncalled.lengthOf({ path: image, format: 'vmdk' })).toMatchObject(NEEDS_OTHER);
  });

  it('refuses one whose sparse header leads to such a text, and one that is cut off', async () => {
    const image = path.join(tempFolder(), 'empty.vmdk');
    for (const bytes of [Buffer.concat([Buffer.from('KDMV'), Buffer.alloc(508)]), Buffer.from('KDMV')]) {
      fs.writeFileSync(image, bytes);
      expect(await uncalled.lengthOf({ path: image, format: 'vmdk' })).toMatchObject(NEEDS_OTHER);
    }
  });

  it('ends, with qemu-img killed, where that does not answer', async () => {
    const folder = tempFolder();
    const program = path.join(folder, 'qemu-img');
    fs.writeFileSync(program, '#!/bin/sh\ntrap "" TERM\nexec tail -f /dev/null\n', { mode: 0o755 });
    const image = path.join(folder, 'image.qcow2');
    const silent = new QemuImg(program, 100);
    expect(await silent.lengthOf({ path: image, format: 'qcow2' })).toMatchObject(NEEDS_OTHER);
  });
});
