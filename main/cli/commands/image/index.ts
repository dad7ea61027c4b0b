import type { Command, CommandEntry } from '../../arguments/command-entry.ts';
import { helpText, versionText } from './help.ts';
import { Tool, type Subcommand } from './tool.ts';

/** Loaded one at a time, so that each starts fast. */
const SUBCOMMANDS: Readonly<Record<string, () => Promise<Subcommand>>> = {
  check: async () => (await import('./check.ts')).check,
  commit: async () => (await import('./commit.ts')).commit,
  compare: async () => (await import('./compare.ts')).compare,
  convert: async () => (await import('./convert.ts')).convert,
  create: async () => (await import('./create.ts')).create,
  info: async () => (await import('./info.ts')).info,
  map: async () => (await import('./map.ts')).map,
  rebase: async () => (await import('./rebase.ts')).rebase,
  resize: async () => (await import('./resize.ts')).resize,
  stream: async () => {
    const { streamCommand } = await import('../stream/index.ts');
    return (args, { terminal }) => streamCommand.run(args, terminal);
  },
};

function asCommand(name: string, load: () => Promise<Subcommand>): CommandEntry {
  const run: Command['run'] = async (args, terminal) => (await load())(args, new Tool(terminal, name));
  return { summary: `as 'qemu-img ${name}'`, load: async () => ({ run }) };
}

/** `headwater image`: what `qemu-img` does, for raw and QED images, with its arguments, output and exit codes. */
export const imageCommand: Command = {
  subcommands: Object.fromEntries(
    Object.entries(SUBCOMMANDS).map(([name, load]) => [name, asCommand(name, load)]),
  ),
  async run(args, terminal) {
    const [name, ...rest] = args;
    const tool = new Tool(terminal, name ?? '');
    if (name === undefined) return tool.misuse('Not enough arguments');
    if (name === '-h' || name === '--help' || name === 'help') {
      terminal.out(helpText());
      return 0;
    }
    if (name === '-V' || name === '--version') {
      terminal.out(versionText());
      return 0;
    }
    if (name.startsWith('-')) return tool.misuse(`unrecognized option '${name}'`);
    const load = Object.hasOwn(SUBCOMMANDS, name) ? SUBCOMMANDS[name] : undefined;
    if (load === undefined) return tool.misuse(`Command not found: ${name}`);
    const subcommand = await load();
    return subcommand(rest, tool);
  },
};
