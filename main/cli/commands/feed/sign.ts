import { ok } from '../../../../shared/result.ts';
import { readFeed, signFeed } from '../../../feeds/publish/feed-folder.ts';
import { readKeyFile } from '../../../feeds/publish/key-files.ts';
import { fingerprintOf } from '../../../feeds/signature/public-key.ts';
import { reportCommand } from '../../arguments/command.ts';
import { counted } from '../../display/quantities.ts';
import { ISSUE_OPTIONS, issueArguments, issueOf } from './issue.ts';

const HELP = `usage: headwater feed sign DIR --key FILE [OPTIONS]

Issues the feed of DIR: gives it the next serial, the time, and its signature,
feed.json.minisig. The same feed, key, serial and SOURCE_DATE_EPOCH give the same bytes.

  -k, --key FILE         the secret key
      --old-key FILE     the one of before, when this issue is the first with a new key:
                         readers follow only because the old key's holder says so
      --expires DAYS     how long this issue is good (default 30d)
      --serial N         number of this issue (default: one more than the last)
      --json             print the result as JSON
  -h, --help             this text
`;

export const signCommand = reportCommand({
  name: 'feed sign',
  help: HELP,
  options: [...ISSUE_OPTIONS, { long: 'old-key', argument: 'required' }],
  parse(given) {
    const folder = given.one('the folder of the feed');
    if (!folder.ok) return folder;
    const wanted = issueArguments(given);
    return wanted.ok
      ? ok({ folder: folder.value, oldFile: given.value('old-key'), wanted: wanted.value })
      : wanted;
  },
  async run({ folder, oldFile, wanted }) {
    const feed = readFeed(folder);
    if (!feed.ok) return feed;
    const key = readKeyFile(wanted.keyFile);
    if (!key.ok) return key;
    const old = oldFile === undefined ? ok(null) : readKeyFile(oldFile);
    if (!old.ok) return old;
    const issue = issueOf(wanted, feed.value.serial + 1);
    const signed = await signFeed(folder, feed.value, key.value, issue, old.value);
    if (!signed.ok) return signed;
    const { serial, issued, expires, key: keyText, appliances } = signed.value;
    const fingerprint = fingerprintOf(keyText);
    return ok({
      json: { serial, issued, expires, key: keyText, fingerprint, appliances: appliances.length },
      text: `signed serial ${serial} with ${counted(appliances.length, 'appliance')}, good until ${expires.slice(0, 10)}\nkey ${fingerprint}\n`,
    });
  },
});
