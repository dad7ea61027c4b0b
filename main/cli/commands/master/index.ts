import type { Command } from '../../terminal.ts';

interface Subcommand {
  readonly summary: string;
  load(): Promise<Command>;
}

/** Loaded one at a time, so that each starts fast. */
const SUBCOMMANDS: Readonly<Record<string, Subcommand>> = {
  publish: {
    summary: 'copy a disk to where it can be served from, with the hashes its readers need',
    load: async () => (await import('./publish.ts')).publishCommand,
  },
  'record-boot': {
    summary: 'boot a published master, and publish what the boot reads for others to fetch first',
    load: async () => (await import('./record-boot.ts')).recordBootCommand,
  },
  verify: {
    summary: 'read a published master and compare it with its description',
    load: async () => (await import('./verify.ts')).verifyCommand,
  },
};

function helpText(): string {
  const names = Object.keys(SUBCOMMANDS);
  const width = Math.max(...names.map((name) => name.length));
  return [
    'usage: headwater master COMMAND [ARGUMENTS]',
    '',
    'Masters are disks that overlays lie on, published for others to stream from.',
    '',
    ...names.map((name) => `  ${name.padEnd(width)}  ${SUBCOMMANDS[name]?.summary ?? ''}`),
    '',
    "'headwater master COMMAND --help' tells more.",
    '',
  ].join('\n');
}

/** `headwater master`: what a publisher does. */
export const masterCommand: Command = {
  async run(args, terminal) {
    const [name, ...rest] = args;
    if (name === undefined || name === 'help' || name === '--help' || name === '-h') {
      terminal.out(helpText());
      return name === undefined ? 2 : 0;
    }
    const subcommand = Object.hasOwn(SUBCOMMANDS, name) ? SUBCOMMANDS[name] : undefined;
    if (subcommand === undefined) {
      terminal.err(`headwater master: there is no command '${name}'; 'headwater master help' lists them\n`);
      return 2;
    }
    return (await subcommand.load()).run(rest, terminal);
  },
};
