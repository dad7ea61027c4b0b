import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isSameKey } from '../../../shared/feed.ts';
import { unwrap } from '../../../shared/result.ts';
import { newKey } from '../../../test/support/feeds.ts';
import { fingerprintOf, parsePublicKey } from './public-key.ts';
import { generateSecretKey, parseSecretKey, publicKeyFile } from './secret-key.ts';
import { signDetached, verifyDetached } from './signature.ts';

const KEY = newKey();
const PUBLIC = unwrap(parsePublicKey(KEY.publicText));
const CONTENT = Buffer.from('{"a": 1}\n');
const MINISIG = signDetached(CONTENT, KEY, 'feed a serial 1');
const [COMMENT = '', LINE = '', TRUSTED = '', GLOBAL = ''] = MINISIG.split('\n');

describe('a detached signature', () => {
  it('verifies the bytes it was made for', () => {
    expect(verifyDetached(CONTENT, MINISIG, PUBLIC)).toMatchObject({ ok: true });
  });

  it('is the same whenever it is made', () => {
    expect(signDetached(CONTENT, KEY, 'feed a serial 1')).toBe(MINISIG);
  });

  it('verifies no other bytes: any flipped bit is found', () => {
    fc.assert(
      fc.property(fc.nat(CONTENT.length * 8 - 1), (bit) => {
        const changed = Buffer.from(CONTENT);
        changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        expect(verifyDetached(changed, MINISIG, PUBLIC)).toMatchObject({ failure: { code: 'untrusted' } });
      }),
    );
  });

  it('cannot be changed: any flipped bit of its binary lines is found', () => {
    const flipped = (line: string, bit: number) => {
      const bytes = Buffer.from(line, 'base64');
      const at = bit % (bytes.length * 8);
      bytes[at >> 3] = (bytes[at >> 3] ?? 0) ^ (1 << (at & 7));
      return bytes.toString('base64');
    };
    fc.assert(
      fc.property(fc.nat(), fc.boolean(), (bit, first) => {
        const changed = first
          ? [COMMENT, flipped(LINE, bit), TRUSTED, GLOBAL, '']
          : [COMMENT, LINE, TRUSTED, flipped(GLOBAL, bit), ''];
        expect(verifyDetached(CONTENT, changed.join('\n'), PUBLIC).ok).toBe(false);
      }),
    );
  });

  it('covers its trusted comment, and not the other one', () => {
    const otherwise = [COMMENT, LINE, `${TRUSTED}0`, GLOBAL, ''].join('\n');
    expect(verifyDetached(CONTENT, otherwise, PUBLIC)).toMatchObject({ failure: { code: 'untrusted' } });
    const harmless = ['untrusted comment: hello', LINE, TRUSTED, GLOBAL, ''].join('\n');
    expect(verifyDetached(CONTENT, harmless, PUBLIC)).toMatchObject({ ok: true });
  });

  it('of another key is refused, also when it bears this key’s number', () => {
    const other = newKey();
    const theirs = signDetached(CONTENT, other, 'x');
    expect(verifyDetached(CONTENT, theirs, PUBLIC)).toMatchObject({ failure: { code: 'untrusted' } });
    const disguised = signDetached(CONTENT, { ...other, number: KEY.number }, 'x');
    expect(verifyDetached(CONTENT, disguised, PUBLIC)).toMatchObject({ failure: { code: 'untrusted' } });
  });

  it.each([
    ['nothing', ''],
    ['a truncated file', MINISIG.slice(0, 120)],
    ['more than one signature', MINISIG + MINISIG],
    ['a huge file', `${COMMENT}${'x'.repeat(5000)}\n${LINE}\n${TRUSTED}\n${GLOBAL}\n`],
  ])('is told from %s', (_what, text) => {
    expect(verifyDetached(CONTENT, text, PUBLIC)).toMatchObject({ failure: { code: 'malformed' } });
  });

  it('never throws, whatever the file is', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(verifyDetached(CONTENT, text, PUBLIC).ok).toBe(false);
      }),
    );
  });
});

describe('a public key', () => {
  it('is read by itself and from its file', () => {
    expect(parsePublicKey(publicKeyFile(KEY.publicText))).toMatchObject({ value: { text: KEY.publicText } });
    expect(parsePublicKey(` ${KEY.publicText}\r\n`)).toMatchObject({ value: { text: KEY.publicText } });
  });

  it.each([['', 'RWshort', 'QQ'.repeat(28), `${KEY.publicText}\n${KEY.publicText}`]].flat())(
    'is told from %j',
    (text) => {
      expect(parsePublicKey(text)).toMatchObject({ failure: { code: 'malformed' } });
    },
  );

  it('is recognised by itself and by its fingerprint, however that is written', () => {
    const fingerprint = fingerprintOf(KEY.publicText);
    expect(fingerprint).toMatch(/^([0-9a-f]{4} ){15}[0-9a-f]{4}$/);
    const isIt = (expected: string) => isSameKey(expected, KEY.publicText, fingerprint);
    expect(isIt(KEY.publicText)).toBe(true);
    expect(isIt(fingerprint)).toBe(true);
    expect(isIt(fingerprint.toUpperCase().replaceAll(' ', ':'))).toBe(true);
    expect(isIt(fingerprint.slice(0, 40))).toBe(false);
    expect(isIt(newKey().publicText)).toBe(false);
    expect(isIt('')).toBe(false);
  });
});

describe('a secret key', () => {
  it('is another one each time', () => {
    expect(newKey().publicText).not.toBe(newKey().publicText);
  });

  it.each([
    ['nothing', ''],
    ['a public key', publicKeyFile(KEY.publicText)],
    ['a truncated one', generateSecretKey().slice(0, 150)],
  ])('is told from %s', (_what, text) => {
    expect(parseSecretKey(text)).toMatchObject({ failure: { code: 'malformed' } });
  });

  it('whose public half is that of another is refused', () => {
    const [comment = '', line = ''] = generateSecretKey().split('\n');
    const bytes = Buffer.from(line, 'base64');
    Buffer.from(KEY.publicText, 'base64')
      .subarray(10)
      .copy(bytes, 54 + 8 + 32);
    expect(parseSecretKey(`${comment}\n${bytes.toString('base64')}\n`)).toMatchObject({
      failure: { code: 'malformed' },
    });
  });
});
