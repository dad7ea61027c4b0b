import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../shared/clock.ts';
import { unwrap } from '../../../shared/result.ts';
import { tempFolder } from '../../../test/support/temp-folder.ts';
import { openChain } from './open.ts';

const options = { clock: systemClock, readOnly: true };

function master() {
  const location = path.join(tempFolder(), 'master.raw');
  fs.writeFileSync(location, Buffer.alloc(512));
  const lastModified = fs.statSync(location).mtime.toISOString();
  return {
    location,
    format: 'raw',
    backing: null,
    expected: { lengthBytes: 512, etag: null, lastModified },
  } as const;
}

describe('a file that is expected to be the same as before', () => {
  it('is opened while it is', async () => {
    unwrap(await unwrap(await openChain(master(), options)).close());
  });

  it('is refused when it was written since', async () => {
    const chain = master();
    fs.utimesSync(chain.location, 1000, 1000);
    expect(await openChain(chain, options)).toMatchObject({ failure: { code: 'source-changed' } });
  });

  it('is not found when it is gone', async () => {
    const chain = master();
    fs.rmSync(chain.location);
    expect(await openChain(chain, options)).toMatchObject({ failure: { code: 'not-found' } });
  });
});
