import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { unwrap } from '../../shared/result.ts';
import { tempFolder } from '../../test/support/temp-folder.ts';

vi.mock('electron', () => ({ app: {} }));
const { setAutostart } = await import('./login-item.ts');

const command = { program: '/opt/Head water/headwater-app', args: ['--background'] };

describe('starting at login on Linux', () => {
  it('is an entry in the autostart folder, which is made where there is none', () => {
    const folder = path.join(tempFolder(), 'autostart');
    unwrap(setAutostart(folder, true, command));
    expect(fs.readFileSync(path.join(folder, 'headwater.desktop'), 'utf8')).toContain(
      'Exec="/opt/Head water/headwater-app" "--background"\n',
    );
    unwrap(setAutostart(folder, false, command));
    expect(fs.readdirSync(folder)).toEqual([]);
    unwrap(setAutostart(folder, false, command));
  });

  it('quotes what the specification wants quoted', () => {
    const folder = tempFolder();
    unwrap(setAutostart(folder, true, { program: '/a"b$c%d\\e', args: [] }));
    expect(fs.readFileSync(path.join(folder, 'headwater.desktop'), 'utf8')).toContain(
      'Exec="/a\\\\"b\\\\$c%%d\\\\\\\\e"\n',
    );
  });

  it('says why it cannot be set up', () => {
    const folder = path.join(tempFolder(), 'file');
    fs.writeFileSync(folder, '');
    const failed = setAutostart(path.join(folder, 'autostart'), true, command);
    expect(failed).toMatchObject({
      ok: false,
      failure: { message: expect.stringContaining(folder) as string },
    });
  });
});
