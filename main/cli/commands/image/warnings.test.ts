import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { FakeTerminal } from '../../../../test/support/fake-terminal.ts';
import { tempFolder } from '../../../../test/support/temp-folder.ts';
import { imageCommand } from './index.ts';

async function image(...args: readonly string[]) {
  const terminal = new FakeTerminal();
  expect(await imageCommand.run(args, terminal)).toBe(0);
  return { out: terminal.stdout, warned: terminal.stderr };
}

describe('headwater image, without -f', () => {
  it.each(['disk.qcow2', 'disk.VMDK', 'disk.vdi', 'disk.vhdx'])(
    'reads %s as raw, and warns that it does',
    async (name) => {
      const file = path.join(tempFolder(), name);
      fs.writeFileSync(file, Buffer.alloc(512));
      const { out, warned } = await image('info', file);
      expect(out).toContain('file format: raw');
      expect(warned).toMatch(/^headwater image: warning: '.*' is taken as raw, .* or say -f raw\n$/);
      expect((await image('info', '-f', 'raw', file)).warned).toBe('');
    },
  );

  it('creates a raw image of any name, as qemu-img does, and warns of one that is called like a QED image', async () => {
    const file = path.join(tempFolder(), 'disk.qed');
    const { out, warned } = await image('create', file, '1M');
    expect(out).toContain('fmt=raw');
    expect(warned).toMatch(/^headwater image: warning: .* say -f qed for a QED image\n$/);
    expect((await image('create', '-f', 'qed', file, '1M')).warned).toBe('');
    expect((await image('create', path.join(tempFolder(), 'disk.raw'), '1M')).warned).toBe('');
  });
});
