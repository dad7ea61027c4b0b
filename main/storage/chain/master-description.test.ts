import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../shared/clock.ts';
import { tempFolder } from '../../../test/support/temp-folder.ts';
import { findPublished } from './master-description.ts';

const STRANGE_KINDS: readonly (readonly [kind: string, code: string, put: (file: string) => void])[] = [
  ['a pipe', 'invalid-argument', (file: string) => void spawnSync('mkfifo', [file])],
  ['a link to what never ends', 'invalid-argument', (file: string) => fs.symlinkSync('/dev/zero', file)],
  ['longer than any', 'malformed', (file: string) => fs.writeFileSync(file, ' '.repeat(65 * 1024))],
];

describe('the description of a master in a folder of somebody else', () => {
  it.skipIf(process.platform === 'win32').each(STRANGE_KINDS)(
    'is refused, and not waited for, where it is %s',
    async (_, code, put) => {
      const folder = tempFolder();
      const file = path.join(folder, 'master.json');
      put(file);
      expect(await findPublished(folder, systemClock)).toMatchObject({
        failure: { code, message: expect.stringContaining(`'${file}'`) as string },
      });
    },
  );
});
