import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { unwrap } from '../../../../shared/result.ts';
import { FakeTerminal } from '../../../../test/support/fake-terminal.ts';
import { contentWithoutSource, firstDifference, newImages } from '../../../../test/support/disk-workbench.ts';
import { tempFolder } from '../../../../test/support/temp-folder.ts';
import { EXIT } from '../../terminal.ts';
import { readCommandLine } from '../../arguments/command.ts';
import { STREAM } from './arguments.ts';
import { streamCommand } from './index.ts';

async function run(...args: string[]): Promise<{ code: number; terminal: FakeTerminal }> {
  const terminal = new FakeTerminal();
  return { code: await streamCommand.run(args, terminal), terminal };
}

describe('the arguments of headwater stream', () => {
  it('are an image, and how to stream it', () => {
    expect(unwrap(readCommandLine(STREAM, ['x.qed']))).toEqual({
      image: 'x.qed',
      speed: 0,
      onError: 'report',
      base: null,
      connections: null,
      json: false,
      quiet: false,
    });
    const all = ['-s', '20mbit', '-b', 'b.raw', '--on-error=stop', '--connections', '3', '-q', '--json', 'x'];
    expect(unwrap(readCommandLine(STREAM, all))).toEqual({
      image: 'x',
      speed: 2.5e6,
      onError: 'stop',
      base: 'b.raw',
      connections: 3,
      json: true,
      quiet: true,
    });
    expect(unwrap(readCommandLine(STREAM, ['-h']))).toBeNull();
  });

  it.each([
    [[], 'give one image to stream'],
    [['a', 'b'], 'give one image to stream'],
    [['-s', 'fast', 'a'], "'fast' is not a rate"],
    [['--on-error', 'panic', 'a'], '--on-error takes one of report, stop, enospc, ignore'],
    [['--connections', '0', 'a'], '--connections must be a whole number from 1 to 64'],
    [['--bogus', 'a'], "unrecognized option '--bogus'"],
  ])('are refused: %j', async (args, message) => {
    const { code, terminal } = await run(...args);
    expect(code).toBe(EXIT.misused);
    expect(terminal.stderr).toMatch(/^headwater stream: .*\n$/);
    expect(terminal.stderr).toContain(message);
  });
});

describe('headwater stream', () => {
  it('fills an overlay and tells how far it is', async () => {
    const { overlay, content } = await newImages();
    const { code, terminal } = await run(overlay);
    expect({ code, stderr: terminal.stderr }).toEqual({ code: 0, stderr: '' });
    expect(terminal.stdout).toContain('100 %  complete: needs no backing file any more\n');
    expect(terminal.stdout).toMatch(/overlay\.qed': 4\.0 MiB in \d+ s \(.*\/s\)\n$/);
    expect(firstDifference(await contentWithoutSource(overlay), content)).toBeNull();
  });

  it('has nothing to do where nothing is missing', async () => {
    const { overlay } = await newImages();
    await run(overlay);
    const { code, terminal } = await run(overlay);
    expect(code).toBe(EXIT.done);
    expect(terminal.stdout).toMatch(/overlay\.qed': nothing was missing\n$/);
  });

  it('says what it cannot open', async () => {
    const gone = path.join(tempFolder(), 'gone.qed');
    const missing = await run(gone);
    expect(missing.code).toBe(1);
    expect(missing.terminal.stderr).toBe(
      `headwater stream: Could not open '${gone}': No such file or directory\n`,
    );
    const { overlay, master } = await newImages();
    fs.rmSync(master);
    const headless = await run(overlay);
    expect(headless.terminal.stderr).toBe(
      `headwater stream: Could not open backing file: Could not open '${master}': No such file or directory\n`,
    );
  });

  it('stops when it is interrupted, with the image as complete as it is', async () => {
    const { overlay, folder } = await newImages();
    const terminal = new FakeTerminal();
    const running = streamCommand.run(['--speed', '64k', overlay], terminal);
    terminal.interrupt();
    expect(await running).toBe(130);
    expect(terminal.stderr).toMatch(/^headwater: interrupted with .* to go; nothing is lost/);
    expect(fs.readdirSync(folder).sort()).toEqual(['master.raw', 'overlay.qed']);
  });

  it('prints nothing where it is asked to be quiet', async () => {
    const { overlay } = await newImages();
    const { code, terminal } = await run('-q', overlay);
    expect({ code, stdout: terminal.stdout, stderr: terminal.stderr }).toEqual({
      code: 0,
      stdout: '',
      stderr: '',
    });
  });
});
