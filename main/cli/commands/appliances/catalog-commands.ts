import type { ApplianceView } from '../../../../shared/ipc/catalog.ts';
import { ok } from '../../../../shared/result.ts';
import { loginHintOf } from '../../display/login-hint.ts';
import { formatBytes } from '../../display/quantities.ts';
import { reportCommand } from '../../arguments/command.ts';
import { withCatalog } from '../../app-catalog.ts';
import { textTable } from '../../display/text-table.ts';
import { pickAppliance } from '../../pick-appliance.ts';

const COMMON_HELP = `      --json             print the result as JSON
  -h, --help             this text

This command uses the catalog of the desktop app, which must not be running.
`;

export const listCommand = reportCommand({
  name: 'appliances list',
  help: `usage: headwater appliances list [--feed NAME]

  -f, --feed NAME        only those of this feed
${COMMON_HELP}`,
  options: [{ short: 'f', long: 'feed', argument: 'required' }],
  parse(given) {
    const operands = given.expect();
    return operands.ok ? ok(given.value('feed')) : operands;
  },
  async run(feed, terminal) {
    return withCatalog(terminal, async ({ appliances }) => {
      const all = await appliances.list();
      if (!all.ok) return all;
      const shown = all.value.filter(
        (one) => feed === undefined || one.feed?.name === feed || one.feed?.id === feed,
      );
      return ok({
        json: shown,
        text: shown.length === 0 ? 'no appliances\n' : textTable(HEADING, shown.map(rowOf)).join(''),
      });
    });
  },
});

export const showCommand = reportCommand({
  name: 'appliances show',
  help: `usage: headwater appliances show NAME\n\nNAME is the appliance's id, also the one its feed gives it, or its name.\n\n${COMMON_HELP}`,
  options: [],
  parse: (given) => given.one('one appliance'),
  async run(word, terminal) {
    return withCatalog(terminal, async ({ appliances }) => {
      const found = pickAppliance(await appliances.list(), word);
      return found.ok ? ok({ json: found.value, text: factsOf(found.value) }) : found;
    });
  },
});

export const installCommand = reportCommand({
  name: 'appliances install',
  help: `usage: headwater appliances install NAME

Enters an appliance of a feed into the catalog, with its master. It stays there for as long
as machines need it, also when its feed is gone. The image of an image server is downloaded
whole and compared with its checksum; Ctrl-C is fine, the next time goes on. NAME is its id,
also the one its feed gives it, or its name.

${COMMON_HELP}`,
  options: [],
  parse: (given) => given.one('one appliance'),
  async run(word, terminal) {
    return withCatalog(terminal, async ({ appliances, boots, images }) => {
      const found = pickAppliance(await appliances.list(), word);
      if (!found.ok) return found;
      const installed = await appliances.install({ id: found.value.id });
      // The image of an image server comes behind the answer.
      const entered = installed.ok ? await images.ended(found.value.id) : installed;
      if (entered.ok) await boots.look();
      return entered.ok
        ? ok({ json: found.value, text: `'${found.value.name}' is in the catalog\n` })
        : entered;
    });
  },
});

const HEADING = ['ID', 'NAME', 'PROCESSOR', 'DISK', 'FEED'];

function rowOf({ id, name, version, arch, diskBytes, feed, available }: ApplianceView): string[] {
  const from = feed === null ? '' : `${feed.name}${feed.signed ? '' : ' (not signed)'}`;
  const remarks = [from, available ? '' : '(unavailable)'].filter((text) => text !== '').join('  ');
  return [id, `${name} ${version}`.trim(), arch, formatBytes(diskBytes), remarks];
}

function factsOf(view: ApplianceView): string {
  const { feed, bootBytes } = view;
  const rows: readonly (readonly [string, string | null])[] = [
    ['id', view.id],
    ['name', view.name],
    ['summary', view.summary],
    ['publisher', view.publisher],
    ['version', view.version],
    ['homepage', view.homepage],
    ['licence', view.licence],
    ['processor', view.arch],
    ['memory', `${view.memoryMiB} MiB`],
    ['disk', formatBytes(view.diskBytes)],
    ['starts after', bootBytes === null ? null : formatBytes(bootBytes)],
    ['login', loginHintOf(view)],
    ['feed', feed === null ? null : `${feed.name}, ${feed.signed ? 'signed' : 'not signed'}, ${feed.state}`],
    [
      'download',
      view.downloadBytes === null
        ? null
        : `${formatBytes(view.downloadBytes)}, by 'headwater appliances install'`,
    ],
    ['not available', view.unavailableBecause?.message ?? null],
  ];
  return rows
    .filter(([, text]) => text !== null && text !== '')
    .map(([term, text]) => `${term.padEnd(14)} ${text ?? ''}\n`)
    .join('');
}
