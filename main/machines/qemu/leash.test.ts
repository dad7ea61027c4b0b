import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { tempFolder } from '../../../test/support/temp-folder.ts';
import { Leash } from './leash.ts';

function run(script: string) {
  const folder = fs.mkdtempSync(path.join(tempFolder(), 'run-'));
  let output = '';
  const leash = new Leash({
    program: process.execPath,
    args: ['-e', script],
    folder,
    onOutput: (bytes) => (output += Buffer.from(bytes).toString()),
  });
  onTestFinished(() => leash.kill());
  return { leash, folder, output: () => output };
}

describe('a program on a leash', () => {
  it('runs in its folder, which goes with it, and tells how it ended', async () => {
    const { leash, folder, output } = run(
      'console.log(process.cwd()); console.error("bye"); process.exit(3)',
    );
    expect(await leash.ended).toEqual({ code: 3, signal: null });
    expect(output()).toContain(folder);
    expect(output()).toContain('bye');
    expect(fs.existsSync(folder)).toBe(false);
  });

  it('gets nothing of our surroundings but the path', async () => {
    const { leash, output } = run('console.log(Object.keys(process.env).sort().join())');
    await leash.ended;
    const ofShells = ['OLDPWD', 'PWD', 'SHLVL', '_'];
    expect(
      output()
        .trim()
        .split(',')
        .filter((name) => !ofShells.includes(name)),
    ).toEqual(['LC_ALL', 'PATH']);
  });

  it('is killed at once', async () => {
    const { leash, folder, output } = run('console.log("up"); setInterval(() => {}, 1000)');
    await expect.poll(output).toContain('up');
    leash.kill();
    expect(await leash.ended).toMatchObject({ code: null, signal: 9 });
    expect(fs.existsSync(folder)).toBe(false);
  });

  it('tells of a signal that ended it', async () => {
    const { leash } = run('process.kill(process.pid, "SIGSEGV"); setInterval(() => {}, 1000)');
    expect(await leash.ended).toMatchObject({ code: null, signal: 11 });
  });
});
