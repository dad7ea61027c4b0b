import fs from 'node:fs';
import path from 'node:path';
import { FEED_FILES } from '../../../../shared/feed.ts';
import { err, ok } from '../../../../shared/result.ts';
import { failureFromSystem } from '../../../../shared/errno.ts';
import { signFeed } from '../../../feeds/publish/feed-folder.ts';
import { readKeyFile } from '../../../feeds/publish/key-files.ts';
import { reportCommand } from '../../arguments/command.ts';
import { ISSUE_OPTIONS, issueArguments, issueOf } from './issue.ts';

const HELP = `usage: headwater feed init DIR --id ID --name NAME --key FILE [OPTIONS]

Begins a feed: DIR/feed.json and its signature, with nothing in it yet.

      --id ID            what the feed is recognised by, for ever: org.example.appliances
      --name NAME        what people read
  -k, --key FILE         the secret key that signs it
      --homepage URL
      --expires DAYS     how long this issue is good (default 30d)
      --serial N         number of this issue (default 1)
      --json             print the result as JSON
  -h, --help             this text
`;

export const initCommand = reportCommand({
  name: 'feed init',
  help: HELP,
  options: [
    { long: 'id', argument: 'required' },
    { long: 'name', argument: 'required' },
    ...ISSUE_OPTIONS,
    { long: 'homepage', argument: 'required' },
  ],
  parse(given) {
    const [folder, feedId, name] = [
      given.one('the folder of the feed'),
      given.needed('id'),
      given.needed('name'),
    ];
    if (!folder.ok) return folder;
    if (!feedId.ok) return feedId;
    if (!name.ok) return name;
    const wanted = issueArguments(given);
    if (!wanted.ok) return wanted;
    const feed = { feedId: feedId.value, name: name.value, homepage: given.value('homepage') };
    return ok({ folder: folder.value, feed, wanted: wanted.value });
  },
  async run({ folder, feed: { homepage, ...names }, wanted }) {
    const file = path.join(folder, FEED_FILES.document);
    if (fs.existsSync(file)) return err('already-exists', `'${file}' is there already`);
    const key = readKeyFile(wanted.keyFile);
    if (!key.ok) return key;
    const issue = issueOf(wanted, 1);
    try {
      fs.mkdirSync(folder, { recursive: true });
    } catch (error) {
      return failureFromSystem(error, `Could not create '${folder}'`);
    }
    const feed = {
      formatVersion: 1 as const,
      ...names,
      ...(homepage !== undefined && { homepage }),
      ...issue,
      key: key.value.publicText,
      appliances: [],
    };
    const signed = await signFeed(folder, feed, key.value, issue);
    return signed.ok ? ok({ json: signed.value, text: `began '${file}', serial ${issue.serial}\n` }) : signed;
  },
});
