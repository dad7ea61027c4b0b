import fs from 'node:fs';
import path from 'node:path';
import { FEED_FILES } from '../../../../shared/feed.ts';
import { err, ok } from '../../../../shared/result.ts';
import { failureFromSystem } from '../../../../shared/errno.ts';
import { signFeed } from '../../../feeds/publish/feed-folder.ts';
import { readKeyFile } from '../../../feeds/publish/key-files.ts';
import { simpleCommand } from '../../arguments/simple-command.ts';
import { issueOf } from './issue.ts';

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

export const initCommand = simpleCommand({
  name: 'feed init',
  help: HELP,
  options: [
    { long: 'id', argument: 'required' },
    { long: 'name', argument: 'required' },
    { short: 'k', long: 'key', argument: 'required' },
    { long: 'homepage', argument: 'required' },
    { long: 'expires', argument: 'required' },
    { long: 'serial', argument: 'required' },
  ],
  async run(given) {
    const operands = given.expect('the folder of the feed');
    if (!operands.ok) return operands;
    const [folder = ''] = operands.value;
    const [feedId, name, keyFile] = [given.value('id'), given.value('name'), given.value('key')];
    if (feedId === undefined || name === undefined || keyFile === undefined) {
      return err('invalid-argument', 'give --id, --name and --key (see --help)');
    }
    const file = path.join(folder, FEED_FILES.document);
    if (fs.existsSync(file)) return err('already-exists', `'${file}' is there already`);
    const key = readKeyFile(keyFile);
    if (!key.ok) return key;
    const issue = issueOf(given, 1);
    if (!issue.ok) return issue;
    try {
      fs.mkdirSync(folder, { recursive: true });
    } catch (error) {
      return failureFromSystem(error, `Could not create '${folder}'`);
    }
    const homepage = given.value('homepage');
    const feed = {
      formatVersion: 1 as const,
      feedId,
      name,
      ...(homepage !== undefined && { homepage }),
      ...issue.value,
      key: key.value.publicText,
      appliances: [],
    };
    const signed = await signFeed(folder, feed, key.value, issue.value);
    return signed.ok
      ? ok({ json: signed.value, text: `began '${file}', serial ${issue.value.serial}\n` })
      : signed;
  },
});
