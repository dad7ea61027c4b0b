import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { FakeTerminal } from '../../test/support/fake-terminal.ts';
import { tempFolder } from '../../test/support/temp-folder.ts';
import { COMMANDS } from './command-table.ts';
import type { Command, CommandEntry } from './arguments/command-entry.ts';
import { EXIT } from './terminal.ts';

interface Listed {
  /** As in `feed sign`. */
  readonly name: string;
  readonly command: Command;
}

async function all(commands: Readonly<Record<string, CommandEntry>>, above = ''): Promise<Listed[]> {
  const found: Listed[] = [];
  for (const [word, entry] of Object.entries(commands)) {
    const command = await entry.load();
    const name = `${above}${word}`;
    found.push({ name, command }, ...(await all(command.subcommands ?? {}, `${name} `)));
  }
  return found;
}

const LISTED = await all(COMMANDS);

/** Those end as the tools whose arguments they take, except where they are more than these. */
const standsForTool = (name: string) => (/^(image|io|nbd)\b/.test(name) ? name !== 'image stream' : false);

describe.each(LISTED)('headwater $name', ({ name, command }) => {
  it(`ends with ${standsForTool(name) ? '1, as its tool does,' : EXIT.misused} when it is misused, and says how`, async () => {
    const terminal = new FakeTerminal();
    const code = await command.run(['--no-such-option'], terminal);
    expect(code).toBe(standsForTool(name) ? EXIT.failed : EXIT.misused);
    expect(terminal.stderr).not.toBe('');
  });

  it('tells of itself and ends with 0 when it is asked for help', async () => {
    const terminal = new FakeTerminal();
    expect(await command.run(['--help'], terminal)).toBe(EXIT.done);
    expect(terminal.stdout).toMatch(/^(usage: )?headwater /i);
    expect(terminal.stderr).toBe('');
  });
});

describe('a command of Headwater’s own', () => {
  const OPERANDS: Readonly<Record<string, readonly string[]>> = {
    run: ['no-such-appliance'],
    stream: ['missing.qed'],
    'master publish': ['missing.raw', '--out', 'out'],
    'master record-boot': ['missing'],
    'master verify': ['missing'],
    'master mirrors': ['missing'],
    'feed lint': ['missing.json'],
    'feed sign': ['missing', '--key', 'missing.key'],
    'feed add': ['missing', 'missing.json', '--master', 'missing'],
    'feed init': ['missing', '--id', 'x', '--name', 'X', '--key', 'missing.key'],
    'appliances build': ['no-such-recipe'],
    serve: ['missing'],
    nbd: ['missing.raw'],
    demo: ['no-such-appliance'],
  };

  it.each(Object.entries(OPERANDS))('%s ends with 1 when it fails, and says why', async (name, args) => {
    const folder = tempFolder();
    const found = LISTED.find((listed) => listed.name === name);
    const terminal = new FakeTerminal();
    const given = args.map((word) => (word.startsWith('missing') ? path.join(folder, word) : word));
    expect(await found?.command.run(given, terminal)).toBe(EXIT.failed);
    expect(terminal.stderr).toMatch(new RegExp(`^headwater ${name}: .`));
  });
});

describe('headwater completion bash', () => {
  async function complete(...words: readonly string[]): Promise<string[]> {
    const terminal = new FakeTerminal();
    expect(await LISTED.find(({ name }) => name === 'completion')?.command.run(['bash'], terminal)).toBe(0);
    const script = path.join(tempFolder(), 'completion.bash');
    const line = ['headwater', ...words].map((word) => `'${word}'`).join(' ');
    const ask = `COMP_WORDS=(${line}); COMP_CWORD=${words.length}; _headwater; printf '%s\\n' "\${COMPREPLY[@]}"`;
    fs.writeFileSync(script, `${terminal.stdout}\n${ask}\n`);
    const { stdout, stderr } = spawnSync('bash', [script], { encoding: 'utf8' });
    expect(stderr).toBe('');
    return stdout.split('\n').filter((word) => word !== '');
  }

  it('completes commands, and the commands that these consist of', async () => {
    expect(await complete('st')).toEqual(['stream']);
    expect(await complete('feed', 'su')).toEqual(['subscribe']);
    expect(await complete('image', 'con')).toEqual(['convert']);
  });

  it('completes the options of a command, and leaves files to bash', async () => {
    expect(await complete('feed', 'sign', '--ol')).toEqual(['--old-key']);
    expect(await complete('stream', '--speed', '20mbit', '--on')).toEqual(['--on-error']);
    expect(await complete('stream', '')).toEqual([]);
  });

  it('is refused for other shells', async () => {
    const terminal = new FakeTerminal();
    const found = LISTED.find(({ name }) => name === 'completion');
    expect(await found?.command.run(['ksh'], terminal)).toBe(EXIT.misused);
    expect(terminal.stderr).toContain("'ksh'");
  });
});
