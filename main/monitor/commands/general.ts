import { z } from 'zod';
import { EMPTY, type Answer } from '../protocol/answer.ts';
import { negotiateAgain } from '../protocol/capabilities.ts';
import { command, type Command } from '../protocol/command.ts';
import type { MonitorTarget } from '../target.ts';
import type { Version } from '../version.ts';

const nothing = z.object({});

export interface GeneralParts {
  readonly target: Pick<MonitorTarget, 'name'>;
  readonly version: Version;
  /** Of all commands there are. */
  readonly commandNames: () => readonly string[];
  readonly quit: () => void;
}

export function generalCommands({ target, version, commandNames, quit }: GeneralParts): Command[] {
  return [
    negotiateAgain,
    command('query-version', nothing, (): Answer => ({ return: { ...version } })),
    command('query-commands', nothing, () => ({ return: commandNames().map((name) => ({ name })) })),
    command('query-name', nothing, () => ({ return: { name: target.name } })),
    command('quit', nothing, () => {
      quit();
      return EMPTY;
    }),
  ];
}
