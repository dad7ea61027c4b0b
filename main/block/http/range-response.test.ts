import { describe, expect, it } from 'vitest';
import { checkRangeResponse } from './range-response.ts';

const ASKED = { offset: 0, length: 10 };
const FIELDS: [string, string][] = [
  ['content-range', 'bytes 0-9/100'],
  ['content-length', '10'],
];

function answer(etagAtOpen: string | null, etagNow: string | null) {
  const fields = new Map(etagNow === null ? FIELDS : [...FIELDS, ['etag', etagNow]]);
  return checkRangeResponse({ status: 206, minorVersion: 1, fields }, ASKED, {
    lengthBytes: 100,
    etag: etagAtOpen,
    lastModified: null,
  });
}

describe('a range of a source that had a strong entity tag at open', () => {
  it('is taken with the same tag', () => expect(answer('"one"', '"one"')).toMatchObject({ ok: true }));

  it('is refused without it: the bytes may be of any version', () =>
    expect(answer('"one"', null)).toMatchObject({ failure: { code: 'source-changed' } }));

  it('is taken without it where the tag was weak, or where there was none', () => {
    expect(answer('W/"one"', null)).toMatchObject({ ok: true });
    expect(answer(null, null)).toMatchObject({ ok: true });
  });
});
