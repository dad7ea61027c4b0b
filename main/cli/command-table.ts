import type { CommandEntry } from './arguments/command-entry.ts';

/** Every subcommand of `headwater`. */
export const COMMANDS: Readonly<Record<string, CommandEntry>> = {
  run: {
    summary: 'start an appliance in this terminal',
    load: async () => (await import('./commands/run/index.ts')).runCommand,
  },
  demo: {
    summary: 'show the whole life of a disk: boot Tiny Linux while its master streams in',
    load: async () => (await import('./commands/demo/index.ts')).demoCommand,
  },
  image: {
    summary: "create, inspect, check, convert and change images; takes qemu-img's arguments",
    load: async () => (await import('./commands/image/index.ts')).imageCommand,
  },
  stream: {
    summary: 'fill an overlay from its backing file until it stands alone',
    load: async () => (await import('./commands/stream/index.ts')).streamCommand,
  },
  master: {
    summary: 'publish disks for others to stream from, and verify what was published',
    load: async () => (await import('./commands/master/index.ts')).masterCommand,
  },
  feed: {
    summary: 'publish signed lists of appliances, and subscribe to those of others',
    load: async () => (await import('./commands/feed/index.ts')).feedCommand,
  },
  appliances: {
    summary: 'list, show, install and build what machines are made from',
    load: async () => (await import('./commands/appliances/index.ts')).appliancesCommand,
  },
  serve: {
    summary: 'serve a folder over HTTP, for a LAN or a demonstration',
    load: async () => (await import('./commands/serve/index.ts')).serveCommand,
  },
  nbd: {
    summary: "serve disks to QEMU and other NBD clients; takes qemu-nbd's arguments",
    load: async () => (await import('./commands/nbd/index.ts')).nbdCommand,
  },
  io: {
    summary: "read and write images by hand or from scripts; takes qemu-io's commands",
    load: async () => (await import('./commands/io/index.ts')).ioCommand,
  },
  completion: {
    summary: 'print a script by which bash completes commands and options',
    load: async () => (await import('./commands/completion/index.ts')).completionCommand(COMMANDS),
  },
};

export function helpText(): string {
  const names = Object.keys(COMMANDS);
  const width = Math.max(...names.map((name) => name.length));
  const lines = names.map((name) => `  ${name.padEnd(width)}  ${COMMANDS[name]?.summary ?? ''}`);
  return [
    'Headwater starts virtual machines at once and streams their disks in behind.',
    '',
    'usage: headwater COMMAND [ARGUMENTS]',
    '',
    ...lines,
    '',
    "'headwater COMMAND --help' tells more, 'headwater --version' which one this is.",
    '',
  ].join('\n');
}
