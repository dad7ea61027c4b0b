import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { unwrap } from '../../../../shared/result.ts';
import { tempFolder } from '../../../../test/support/temp-folder.ts';
import { removePidFile, writePidFile } from './pid-file.ts';

describe('the file with the process id', () => {
  it('says which process serves, and goes with it', () => {
    const file = path.join(tempFolder(), 'pid');
    unwrap(writePidFile(file));
    expect(fs.readFileSync(file, 'utf8')).toBe(`${process.pid}\n`);
    unwrap(removePidFile(file));
    expect(fs.existsSync(file)).toBe(false);
    unwrap(removePidFile(file));
  });

  it('stays when another process has taken it over', () => {
    const file = path.join(tempFolder(), 'pid');
    unwrap(writePidFile(file));
    fs.writeFileSync(file, '1\n');
    unwrap(removePidFile(file));
    expect(fs.readFileSync(file, 'utf8')).toBe('1\n');
  });

  it('leaves what is no file where it is, and what it leads to', () => {
    const folder = tempFolder();
    const [target, link] = [path.join(folder, 'target'), path.join(folder, 'link')];
    fs.symlinkSync(target, link);
    unwrap(writePidFile(link));
    unwrap(removePidFile(link));
    expect(fs.readlinkSync(link)).toBe(target);
    expect(fs.existsSync(target)).toBe(true);
  });

  it('that cannot be written says which', () => {
    expect(writePidFile(path.join(tempFolder(), 'missing', 'pid'))).toMatchObject({
      failure: { message: expect.stringMatching(/Could not write '.*missing\/pid'/) as string },
    });
  });
});
