import { describe, expect, it } from 'vitest';
import { DONE } from '../../../shared/result.ts';
import type { SourceIdentity } from '../../block/remote/source-identity.ts';
import { SourceSeals } from './source-seals.ts';

const MASTER = 'http://host/master.raw';
const FIRST: SourceIdentity = {
  lengthBytes: 4096,
  etag: '"one"',
  lastModified: 'Mon, 23 Nov 2026 12:00:00 GMT',
};

function sealed(identity = FIRST): SourceSeals {
  const seals = SourceSeals.for(['/disk.qed', MASTER]);
  expect(seals.check(MASTER, identity)).toEqual(DONE);
  return seals;
}

describe('the seals of sources', () => {
  it('let the same version pass, in any thread', () => {
    const { locations, memory } = sealed();
    const elsewhere = new SourceSeals({ locations, memory });
    expect(elsewhere.check(MASTER, FIRST)).toEqual(DONE);
    expect(elsewhere.check(MASTER, { ...FIRST, etag: 'W/"one"', lastModified: null })).toEqual(DONE);
  });

  it.each([
    ['length', { lengthBytes: 4097 }],
    ['entity tag', { etag: '"two"' }],
  ])('refuse another %s', (_, change) => {
    expect(sealed().check(MASTER, { ...FIRST, ...change })).toEqual({
      ok: false,
      failure: {
        code: 'source-changed',
        message: `${MASTER}: the source has changed since it was first opened`,
      },
    });
  });

  it('go by the date where there is no tag, and hold nothing against what a server leaves out', () => {
    const undated = { ...FIRST, etag: null };
    const seals = sealed(undated);
    expect(seals.check(MASTER, { ...undated, lastModified: null })).toEqual(DONE);
    expect(seals.check(MASTER, { ...undated, lastModified: 'Tue, 24 Nov 2026 12:00:00 GMT' }).ok).toBe(false);
  });

  it('watch each source by itself, and no others', () => {
    const seals = sealed();
    expect(seals.check('http://host/other', { ...FIRST, etag: '"other"' })).toEqual(DONE);
    expect(seals.check('/disk.qed', { ...FIRST, etag: '"other"' })).toEqual(DONE);
  });
});
