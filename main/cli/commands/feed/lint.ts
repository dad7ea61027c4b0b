import fs from 'node:fs';
import path from 'node:path';
import { FEED_FILES, FEED_LIMITS } from '../../../../shared/feed.ts';
import { ok } from '../../../../shared/result.ts';
import { lintFeed, type LintRemark } from '../../../feeds/publish/lint-feed.ts';
import { lintSignature } from '../../../feeds/publish/lint-signature.ts';
import { readJsonFile } from '../../arguments/json-file.ts';
import { reportCommand } from '../../arguments/command.ts';

const HELP = `usage: headwater feed lint FILE|DIR

Looks for what readers of a feed would refuse, and for what its publisher may not have
meant: unknown fields, an end that is near; of a folder also whether it is signed as it is now.

      --json             print the remarks as JSON
  -h, --help             this text

Exit status: 0 no errors, 1 errors.
`;

export const lintCommand = reportCommand({
  name: 'feed lint',
  help: HELP,
  options: [],
  parse: (given) => given.one('a feed'),
  async run(place) {
    const isFolder = fs.statSync(place, { throwIfNoEntry: false })?.isDirectory() === true;
    const file = isFolder ? path.join(place, FEED_FILES.document) : place;
    const document = readJsonFile(file, FEED_LIMITS.documentBytes);
    if (!document.ok && document.failure.code !== 'malformed') return document;
    const remarks: LintRemark[] = document.ok
      ? [...lintFeed(document.value, Date.now()), ...(isFolder ? lintSignature(place) : [])]
      : [{ level: 'error', text: document.failure.message }];
    const errors = remarks.filter(({ level }) => level === 'error').length;
    return ok({
      json: { file, remarks },
      text:
        remarks.map(({ level, text }) => `${level}: ${text}\n`).join('') || `'${file}' is as it should be\n`,
      exitCode: errors > 0 ? 1 : 0,
    });
  },
});
