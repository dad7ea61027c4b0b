import { systemClock } from '../../../../shared/clock.ts';
import type { PublishedMaster } from '../../../../shared/master.ts';
import { err, ok, type Result } from '../../../../shared/result.ts';
import { sourceView } from '../../../disks/source-view.ts';
import { lookAtMirrors } from '../../../masters/publish/look-at-mirrors.ts';
import { findPublished } from '../../../storage/chain/master-description.ts';
import { masterSources } from '../../../storage/chain/published-master.ts';
import { withCatalog } from '../../app-catalog.ts';
import { pickAppliance } from '../../pick-appliance.ts';
import { reportCommand } from '../../arguments/command.ts';
import { sourceTable } from '../../display/source-table.ts';
import { EXIT, type Terminal } from '../../terminal.ts';

const HELP = `usage: headwater master mirrors [OPTIONS] DIR|URL [DIR|URL]...
       headwater master mirrors [OPTIONS] --appliance NAME

Asks every place that a published master lies in for a few pieces of it, each verified, and
tells how the place does: whether it answers, how soon, how fast, and with what. The first
place says what the master is; or the catalog does, of an appliance by its name or id.
'headwater master verify' reads all of one.

  -a, --appliance NAME   the sources that the feed of an appliance lists; uses the catalog of
                         the desktop app, which must not be running
      --json             print the result as JSON
  -h, --help             this text

Exit status: 0 all places do well, 1 one does not, or there is none; 130 interrupted.
`;

interface MirrorsArguments {
  readonly places: readonly string[];
  readonly appliance: string | undefined;
}

/** `headwater master mirrors`. */
export const mirrorsCommand = reportCommand<'appliance', MirrorsArguments>({
  name: 'master mirrors',
  help: HELP,
  options: [{ short: 'a', long: 'appliance', argument: 'required' }],
  parse(given) {
    const appliance = given.value('appliance');
    if ((appliance === undefined) === given.operands.length > 0) {
      return ok({ places: given.operands, appliance });
    }
    return err('invalid-argument', 'give the places of one master, or an appliance (see --help)');
  },
  async run(wanted, terminal) {
    const { interrupted: signal } = terminal;
    const master = await find(wanted, terminal);
    if (!master.ok) return master;
    const sources = masterSources(master.value.sources, { clock: systemClock });
    if (!sources.ok) return sources;
    const reports = await lookAtMirrors(master.value.description, sources.value, {
      clock: systemClock,
      signal,
    });
    if (signal.aborted) return err('cancelled', 'interrupted');
    const seen = reports.map((report) => sourceView(report, systemClock.now()));
    const well = seen.every(({ state }) => state === 'answers');
    const { sha256, lengthBytes } = master.value.description;
    return ok({
      json: { sha256, lengthBytes, sources: seen },
      text: sourceTable(seen),
      exitCode: well ? EXIT.done : EXIT.failed,
    });
  },
});

async function find(
  { places, appliance }: MirrorsArguments,
  terminal: Terminal,
): Promise<Result<PublishedMaster>> {
  if (appliance !== undefined) return findListed(appliance, terminal);
  const [first = '', ...more] = places;
  const master = await findPublished(first, systemClock);
  return master.ok ? ok({ ...master.value, sources: [...master.value.sources, ...more] }) : master;
}

function findListed(word: string, terminal: Terminal): Promise<Result<PublishedMaster>> {
  return withCatalog(terminal, async ({ appliances }) => {
    const picked = pickAppliance(await appliances.list(), word);
    if (!picked.ok) return picked;
    const published = await appliances.published(picked.value.id);
    if (!published.ok) return published;
    if (published.value !== null) return ok(published.value);
    return err('unsupported', `'${picked.value.name}' lies on no published master: it has no mirrors`);
  });
}
