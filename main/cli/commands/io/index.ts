import { systemClock } from '../../../../shared/clock.ts';
import type { Command } from '../../arguments/command-entry.ts';
import type { Terminal } from '../../terminal.ts';
import { parseIoArguments, type IoRequest } from './arguments.ts';
import { runCommands, runLines } from './interaction.ts';
import { PROGRAM, IoSession } from './io-session.ts';
import { USAGE, VERSION } from './usage.ts';

const EXIT_INTERRUPTED = 130;

/** `headwater io`: what `qemu-io` does, for raw and QED images, with its options, commands, output and exit codes. */
export const ioCommand: Command = {
  async run(args, terminal) {
    const request = parseIoArguments(args);
    if (!request.ok) {
      terminal.err(`${PROGRAM}: ${request.failure.message}\n`);
      return 1;
    }
    switch (request.value.kind) {
      case 'help':
        terminal.out(USAGE);
        return 0;
      case 'version':
        terminal.out(VERSION);
        return 0;
      case 'misused':
        if (request.value.message !== null) terminal.err(`${PROGRAM}: ${request.value.message}\n`);
        terminal.out(USAGE);
        return 1;
      case 'run':
        return work(request.value, terminal);
    }
  },
};

async function work(
  { settings, commands }: Extract<IoRequest, { kind: 'run' }>,
  terminal: Terminal,
): Promise<number> {
  const session = new IoSession(terminal, systemClock);
  if (settings.location !== null && !(await session.open(settings))) return 1;
  const succeeded = await (commands === null ? runLines(session) : runCommands(session, commands));
  const closed = await session.close();
  if (terminal.interrupted.aborted) return EXIT_INTERRUPTED;
  return succeeded && closed ? 0 : 1;
}
