import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import { feedKeySchema } from '../../../shared/feed.ts';
import { err, ok, type Result } from '../../../shared/result.ts';

/** "Ed": the only kind of key `minisign` has. */
export const KEY_ALGORITHM = Buffer.from('Ed');
export const KEY_NUMBER_BYTES = 8;
const HEAD_BYTES = KEY_ALGORITHM.length + KEY_NUMBER_BYTES;
/** Groups of a fingerprint, in hexadecimal digits: what a person compares at a glance. */
const GROUP_DIGITS = 4;

/** An Ed25519 public key of `minisign`. */
export interface PublicKey {
  /** As it is published: 56 characters of base64. Two keys are the same when their texts are. */
  readonly text: string;
  /** Chosen at random with the key; tells which key a signature belongs to, and proves nothing. */
  readonly number: Buffer;
  readonly verifier: KeyObject;
}

/** Reads a key, or the `.pub` file of one. Fails with `malformed`. */
export function parsePublicKey(source: string): Result<PublicKey> {
  const lines = source.split(/\r?\n/).filter((line) => line.trim() !== '');
  const [text = ''] = lines.slice(-1).map((line) => line.trim());
  const commented = lines.length === 2 && lines[0]?.startsWith('untrusted comment:') === true;
  if (!feedKeySchema.safeParse(text).success || !(commented || lines.length === 1)) {
    return err('malformed', 'a public key has 56 characters and begins with RW, as minisign prints it');
  }
  const bytes = Buffer.from(text, 'base64');
  if (!bytes.subarray(0, KEY_ALGORITHM.length).equals(KEY_ALGORITHM)) {
    return err('malformed', `the public key '${text}' is of a kind that is not known`);
  }
  const number = bytes.subarray(KEY_ALGORITHM.length, HEAD_BYTES);
  return ok({ text, number, verifier: verifierOf(bytes.subarray(HEAD_BYTES)) });
}

/** Puts a key together as `minisign` writes it. @param key the 32 bytes of RFC 8032 */
export function publicKeyText(number: Uint8Array, key: Uint8Array): string {
  return Buffer.concat([KEY_ALGORITHM, number, key]).toString('base64');
}

/** What people compare: SHA-256 over the whole key, in groups of four hexadecimal digits. */
export function fingerprintOf(keyText: string): string {
  const digits = createHash('sha256').update(Buffer.from(keyText, 'base64')).digest('hex');
  return (digits.match(new RegExp(`.{${GROUP_DIGITS}}`, 'g')) ?? []).join(' ');
}

function verifierOf(key: Uint8Array): KeyObject {
  const x = Buffer.from(key).toString('base64url');
  return createPublicKey({ format: 'jwk', key: { kty: 'OKP', crv: 'Ed25519', x } });
}
