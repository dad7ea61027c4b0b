import { systemClock } from '../../../../shared/clock.ts';
import { newMasterSchema } from '../../../../shared/ipc/catalog.ts';
import { err, ok } from '../../../../shared/result.ts';
import { isNbdAddress } from '../../../block/nbd/address.ts';
import { lookAtAddress } from '../../../masters/place-facts.ts';
import { reportCommand } from '../../arguments/command.ts';
import { withCatalog } from '../../app-catalog.ts';
import { formatBytes } from '../../display/quantities.ts';

export const addCommand = reportCommand({
  name: 'appliances add',
  help: `usage: headwater appliances add NAME ADDRESS

Enters a raw disk image on a server into the catalog, so that machines can be made from it:
http://, https://, nbd://host:port/export, nbd+unix:///export?socket=PATH, or nbds for TLS.
The server is asked for its size, and for nothing else.

      --json             print the result as JSON
  -h, --help             this text

This command uses the catalog of the desktop app, which must not be running.
`,
  options: [],
  parse(given) {
    const operands = given.expect('a name', 'an address');
    if (!operands.ok) return operands;
    const [name = '', url = ''] = operands.value;
    const wanted = newMasterSchema.safeParse({ source: isNbdAddress(url) ? 'nbd' : 'http', name, url });
    if (wanted.success) return ok({ name, url });
    const [issue] = wanted.error.issues;
    return err('invalid-argument', `the ${issue?.path.join('.') ?? 'address'}: ${issue?.message ?? ''}`);
  },
  async run({ name, url }, terminal) {
    const facts = await lookAtAddress(url, systemClock);
    if (!facts.ok) return facts;
    return withCatalog(terminal, async ({ enter }) => {
      const entered = enter(name, facts.value);
      if (!entered.ok) return entered;
      const { id, lengthBytes, source, location } = entered.value;
      return ok({
        json: { id, name, source, location, lengthBytes },
        text: `'${name}' is in the catalog: a disk of ${formatBytes(lengthBytes)}\n`,
      });
    });
  },
});
