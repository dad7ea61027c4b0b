import fs from 'node:fs';
import path from 'node:path';
import { FEED_FILES } from '../../../../shared/feed.ts';
import { ok } from '../../../../shared/result.ts';
import { failureFromSystem } from '../../../../shared/errno.ts';
import { lintFeed, type LintRemark } from '../../../feeds/publish/lint-feed.ts';
import { reportCommand } from '../../arguments/command.ts';

const HELP = `usage: headwater feed lint FILE|DIR

Looks for what readers of a feed would refuse, and for what its publisher may not have
meant: unknown fields, an end that is near.

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
    let remarks: LintRemark[];
    try {
      remarks = lintFeed(JSON.parse(fs.readFileSync(file, 'utf8')), Date.now());
    } catch (error) {
      if (!(error instanceof SyntaxError)) return failureFromSystem(error, `Could not read '${file}'`);
      remarks = [{ level: 'error', text: `it is not JSON: ${error.message}` }];
    }
    const errors = remarks.filter(({ level }) => level === 'error').length;
    return ok({
      json: { file, remarks },
      text:
        remarks.map(({ level, text }) => `${level}: ${text}\n`).join('') || `'${file}' is as it should be\n`,
      exitCode: errors > 0 ? 1 : 0,
    });
  },
});
