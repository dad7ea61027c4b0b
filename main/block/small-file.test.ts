import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { tempFolder } from '../../test/support/temp-folder.ts';
import { readSmallFile } from './small-file.ts';

describe('a small file', () => {
  it('is read whole up to its limit, and refused beyond', () => {
    const file = path.join(tempFolder(), 'note');
    fs.writeFileSync(file, '12345');
    expect(readSmallFile(file, { mostBytes: 5 })).toEqual({ ok: true, value: Buffer.from('12345') });
    expect(readSmallFile(file, { mostBytes: 4 })).toMatchObject({ failure: { code: 'malformed' } });
  });

  it('is behind a link only where links are followed', () => {
    const file = path.join(tempFolder(), 'note');
    fs.writeFileSync(file, 'text');
    fs.symlinkSync(file, `${file}.link`);
    expect(readSmallFile(`${file}.link`, { mostBytes: 10 })).toMatchObject({ ok: true });
    expect(readSmallFile(`${file}.link`, { mostBytes: 10, links: 'refused' })).toMatchObject({
      failure: { code: 'invalid-argument', message: `'${file}.link' is not a regular file` },
    });
  });

  it.skipIf(process.platform === 'win32')(
    'is no pipe, no device and no folder, none of which is read',
    () => {
      const folder = tempFolder();
      const pipe = path.join(folder, 'pipe');
      expect(spawnSync('mkfifo', [pipe]).status).toBe(0);
      fs.symlinkSync('/dev/zero', path.join(folder, 'endless'));
      for (const file of [pipe, path.join(folder, 'endless'), folder]) {
        expect(readSmallFile(file, { mostBytes: 10 }), file).toMatchObject({
          failure: { code: 'invalid-argument', message: `'${file}' is not a regular file` },
        });
      }
    },
  );

  it('that is missing is told as that', () => {
    expect(readSmallFile(path.join(tempFolder(), 'none'), { mostBytes: 10 })).toMatchObject({
      failure: { code: 'not-found' },
    });
  });
});
