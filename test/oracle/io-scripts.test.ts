import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SCRIPTS, type Script } from './io-scripts.ts';
import {
  asOptions,
  compareImages,
  copyTwins,
  IMAGES,
  makeMasters,
  runBoth,
  runOurs,
  sortedLines,
} from './io-twins.ts';

let masters = '';
beforeAll(() => {
  masters = makeMasters();
});
afterAll(() => fs.rmSync(masters, { recursive: true, force: true }));

describe('headwater io and qemu-io', () => {
  it.each(SCRIPTS.map((script) => [script.name, script] as const))(
    'print the same for %s',
    async (_name, script) => {
      const twins = copyTwins(masters);
      const { theirs, ours } = await runBoth(twins, argumentsOf(script));
      const order = script.unordered ? sortedLines : (outcome: typeof ours) => outcome;
      expect(order(ours)).toEqual(order(theirs));
      if (script.image !== null && script.image !== 'empty') {
        expect(compareImages(twins, script.image)).toBe('Images are identical.');
      }
    },
  );

  it.each([
    ['commands', 'length\n\n  \nread 0 1k\nfoo\nquit\nlength\n'],
    ['a last line without an end', 'length\nlength'],
    ['nothing', ''],
    ['asynchronous requests', 'aio_write 0 512\naio_flush\naio_read -i 0 512\nlength\naio_read 0 1k\nquit\n'],
    ['a failure', 'read 5M 1\n'],
  ])('print the same for %s on standard input', async (_name, input) => {
    const twins = copyTwins(masters);
    const { theirs, ours } = await runBoth(twins, ['-f', 'raw', '@/disk.raw'], input);
    expect(ours).toEqual(theirs);
  });

  it.each([
    ['a missing file', ['-f', 'raw', '@/missing']],
    ['a missing QED image', ['-f', 'qed', '@/missing.qed']],
    ['an empty name', ['-f', 'raw', '']],
    ['a folder', ['-f', 'raw', '-r', '@']],
    ['a name with a protocol', ['-f', 'raw', 'file:@/disk.raw', '-c', 'length']],
    ['options behind the name', ['@/disk.raw', '-c', 'length', '-f', 'raw']],
    ['long options', ['--format=raw', '--cmd', 'length', '--read-only', '--nocache', '@/disk.raw']],
    ['beginnings of long options', ['--form', 'raw', '--cm', 'length', '@/disk.raw']],
    ['a name that says QED', ['@/disk.qed', '-c', 'info']],
    ['no name', ['-c', 'length']],
    ['no name and leaving', ['-c', 'quit', '-c', 'foo']],
  ])('treat %s in the same way', async (_name, args) => {
    const twins = { theirs: masters, ours: masters };
    const { theirs, ours } = await runBoth(twins, args);
    expect(ours).toEqual(theirs);
  });

  it.each([
    [['-Z']],
    [['-f']],
    [['--format']],
    [['--foo']],
    [['--c', 'length']],
    [['-c']],
    [['a', 'b']],
    [['a', '--', 'b']],
  ])('say the same of %j, each with its own usage behind it', async (args) => {
    const { theirs, ours } = await runBoth({ theirs: masters, ours: masters }, args);
    expect({ ...ours, stdout: '' }).toEqual({ ...theirs, stdout: '' });
    expect(ours.stdout).toMatch(/^usage: headwater io/);
  });

  it('list the same commands', async () => {
    const { theirs, ours } = await runBoth({ theirs: masters, ours: masters }, ['-c', 'help']);
    expect(ours).toEqual(theirs);
  });

  it('begin the help for a command with the same line', async () => {
    const { stdout: all } = await runOurs(masters, ['-c', 'help']);
    for (const [name = ''] of all.matchAll(/^\w+/gm)) {
      if (name === 'Use') continue;
      const { theirs, ours } = await runBoth({ theirs: masters, ours: masters }, ['-c', `help ${name}`]);
      expect(ours.stdout.split('\n')[0]).toBe(theirs.stdout.split('\n')[0]);
      expect(ours.stdout.includes('\n\n')).toBe(theirs.stdout.includes('\n\n'));
    }
  });

  it('report damaged tables in the same words', async () => {
    const twins = copyTwins(masters);
    for (const folder of [twins.theirs, twins.ours]) {
      const file = path.join(folder, IMAGES.qed.file);
      const bytes = fs.readFileSync(file);
      bytes.writeBigUInt64LE(0xffff_0000n, 65536);
      fs.writeFileSync(file, bytes);
    }
    const commands = [
      'map',
      'read 0 5',
      'write 0 5',
      'alloc 0',
      'write -z 0 64k',
      'aio_read 0 5',
      'aio_flush',
    ];
    const { theirs, ours } = await runBoth(twins, [...asOptions(commands), ...['-f', 'qed', '@/disk.qed']]);
    expect({ ...ours, stderr: '' }).toEqual({ ...theirs, stderr: '' });
    // QEMU says no more than that; we also say which entry of which file is wrong.
    expect(ours.stderr).toContain(theirs.stderr);
    expect(ours.stderr).toContain('L1 entry 0');
  });
});

function argumentsOf({ image, commands, options = [] }: Script): string[] {
  const given = asOptions(commands);
  if (image === null) return [...options, ...given];
  const { file, format } = IMAGES[image];
  return ['-f', format, ...options, ...given, `@/${file}`];
}
