import { ok } from '../../../../shared/result.ts';
import { createKeyFiles } from '../../../feeds/publish/key-files.ts';
import { fingerprintOf } from '../../../feeds/signature/public-key.ts';
import { reportCommand } from '../../arguments/command.ts';

const HELP = `usage: headwater feed key FILE

Makes a pair of Ed25519 keys: FILE, the secret one, which only you can read, and FILE.pub.
They are those of minisign (-W), which can sign and verify feeds as well; a secret key
with a password is made and used with minisign itself.

Tell your readers the fingerprint on another way than the feed's own server.

      --json             print the result as JSON
  -h, --help             this text
`;

export const keyCommand = reportCommand({
  name: 'feed key',
  help: HELP,
  options: [],
  parse: (given) => given.one('the file for the secret key'),
  async run(file) {
    const key = createKeyFiles(file);
    if (!key.ok) return key;
    const { publicText } = key.value;
    const fingerprint = fingerprintOf(publicText);
    return ok({
      json: { secret: file, public: `${file}.pub`, key: publicText, fingerprint },
      text: `secret key   ${file}: keep it, and keep it secret\npublic key   ${publicText}\nfingerprint  ${fingerprint}\n`,
    });
  },
});
