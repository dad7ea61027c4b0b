import path from 'node:path';
import { feedApplianceSchema } from '../../../../shared/feed.ts';
import { MASTER_FILES } from '../../../../shared/master-files.ts';
import { err, ok, type Result } from '../../../../shared/result.ts';
import { MIB } from '../../../../shared/units.ts';
import { firstProblem } from '../../../feeds/document.ts';
import { readFeed, writeFeed } from '../../../feeds/publish/feed-folder.ts';
import { readJsonFile } from '../../arguments/json-file.ts';
import { reportCommand } from '../../arguments/command.ts';

const HELP = `usage: headwater feed add DIR APPLIANCE.json --master MASTER [--source PLACE]...

Puts an appliance into the feed of DIR, or a newer version of one, without signing it:
that is for 'headwater feed sign'. APPLIANCE.json describes it, as recipes do.

  -m, --master MASTER    folder of its published master (headwater master publish)
  -s, --source PLACE     where readers find that folder: an address, or a path from the
                         feed on. Several are mirrors, the best first. Not needed where
                         the folder lies below DIR
      --json             print the entry as JSON
  -h, --help             this text
`;

export const addCommand = reportCommand({
  name: 'feed add',
  help: HELP,
  options: [
    { short: 'm', long: 'master', argument: 'required' },
    { short: 's', long: 'source', argument: 'required' },
  ],
  parse(given) {
    const operands = given.expect('the folder of the feed', 'the description of the appliance');
    const master = given.needed('master');
    if (!operands.ok) return operands;
    if (!master.ok) return master;
    const [folder = '', description = ''] = operands.value;
    return ok({ folder, description, masterFolder: master.value, sources: given.all('source') });
  },
  async run({ folder, description, masterFolder, sources: given }) {
    const feed = readFeed(folder);
    if (!feed.ok) return feed;
    const appliance = readObject(description);
    if (!appliance.ok) return appliance;
    const master = readObject(path.join(masterFolder, MASTER_FILES.description));
    if (!master.ok) return master;
    const sources = sourcesOf(folder, masterFolder, given);
    if (!sources.ok) return sources;
    const diskSizeBytes = master.value['lengthBytes'];
    const entry = feedApplianceSchema.safeParse({
      ...appliance.value,
      diskSizeBytes,
      master: master.value,
      sources: sources.value,
    });
    if (!entry.success) return err('malformed', `'${description}': ${firstProblem(entry.error)}`);
    const others = feed.value.appliances.filter(({ id }) => id !== entry.data.id);
    const written = await writeFeed(folder, { ...feed.value, appliances: [...others, entry.data] });
    if (!written.ok) return written;
    const { id, version } = entry.data;
    return ok({ json: entry.data, text: `'${id}' ${version} is in the feed; sign it to issue it\n` });
  },
});

/** A description with its icon has some kilobytes. */
const DESCRIPTION_BYTES = MIB;

function sourcesOf(folder: string, master: string, given: readonly string[]): Result<readonly string[]> {
  if (given.length > 0) return ok(given);
  const below = path.relative(folder, master).split(path.sep).join('/');
  if (below !== '' && !below.startsWith('..') && !path.isAbsolute(below)) return ok([`${below}/`]);
  return err(
    'invalid-argument',
    `'${master}' does not lie below '${folder}': say with --source where readers find it`,
  );
}

function readObject(file: string): Result<Record<string, unknown>> {
  const content = readJsonFile(file, DESCRIPTION_BYTES);
  if (!content.ok) return content;
  const { value } = content;
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? ok(value as Record<string, unknown>)
    : err('malformed', `'${file}' is not a JSON object`);
}
