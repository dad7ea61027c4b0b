import { z } from 'zod';
import { command, CommandTable } from './command.ts';
import { EMPTY, refuse, type Answer } from './answer.ts';
import type { Request } from './request.ts';

const NAME = 'qmp_capabilities';

const schema = z.object({ enable: z.array(z.enum(['oob'])).optional() });

/** None: out-of-band execution is for commands of which there is none here. */
export const OFFERED: readonly string[] = [];

/** What a client may ask for before it has agreed on capabilities: to agree. */
const negotiation = new CommandTable([
  command(NAME, schema, ({ enable = [] }) => {
    const [unavailable] = enable;
    return unavailable === undefined ? EMPTY : refuse(`Capability ${unavailable} not available`);
  }),
]);

/** Whether it has agreed can be told by the answer having no error. */
export async function negotiate({ command: name, arguments: given }: Request): Promise<Answer> {
  if (name === NAME) return negotiation.execute(name, given);
  return refuse(`Expecting capabilities negotiation with '${NAME}'`, 'CommandNotFound');
}

/** For clients that have agreed already. */
export const negotiateAgain = command(NAME, schema, () =>
  refuse('Capabilities negotiation is already complete, command ignored', 'CommandNotFound'),
);
