import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
} from 'node:crypto';
import { err, ok, type Result } from '../../../shared/result.ts';
import { KEY_ALGORITHM, KEY_NUMBER_BYTES, publicKeyText } from './public-key.ts';

/**
 * The secret key file of `minisign`: algorithm, two letters each for how the secret is encrypted and summed up, salt
 * (32) and two limits (8 each) for the encryption, then key number, seed, public key and a checksum.
 */
const ENCRYPTED_WITH = { offset: 2, length: 2 };
const SECRET_OFFSET = 54;
const KEY_BYTES = 32;
const WHOLE_BYTES = SECRET_OFFSET + KEY_NUMBER_BYTES + 3 * KEY_BYTES;
const NOT_ENCRYPTED = Buffer.alloc(ENCRYPTED_WITH.length);
const CHECKSUM_KIND = Buffer.from('B2');

/** What a feed is signed with. Never leaves the publisher's computer. */
export interface SecretKey {
  readonly number: Buffer;
  readonly publicText: string;
  readonly signer: KeyObject;
}

/** @returns the content of the file; to be stored for the owner's eyes only */
export function generateSecretKey(): string {
  const { privateKey } = generateKeyPairSync('ed25519');
  const { d, x } = privateKey.export({ format: 'jwk' });
  const seed = Buffer.from(d ?? '', 'base64url');
  const key = Buffer.from(x ?? '', 'base64url');
  // Others choose the number at random; made of the key it is as good, and needs no second source of chance.
  const number = createHash('sha256').update(key).digest().subarray(0, KEY_NUMBER_BYTES);
  const bytes = Buffer.alloc(WHOLE_BYTES);
  KEY_ALGORITHM.copy(bytes);
  CHECKSUM_KIND.copy(bytes, ENCRYPTED_WITH.offset + ENCRYPTED_WITH.length);
  Buffer.concat([number, seed, key]).copy(bytes, SECRET_OFFSET);
  return `untrusted comment: Headwater feed secret key, not encrypted: keep it secret\n${bytes.toString('base64')}\n`;
}

/** Reads a secret key file. Fails with `malformed`, or with `unsupported` when a password protects it. */
export function parseSecretKey(content: string): Result<SecretKey> {
  const [comment = '', line = ''] = content.split(/\r?\n/);
  const bytes = Buffer.from(line, 'base64');
  if (!comment.startsWith('untrusted comment:') || bytes.length !== WHOLE_BYTES) {
    return err('malformed', 'it is not a secret key as minisign or headwater write them');
  }
  if (!bytes.subarray(0, KEY_ALGORITHM.length).equals(KEY_ALGORITHM)) {
    return err('malformed', 'it is a secret key of a kind that is not known');
  }
  const { offset, length } = ENCRYPTED_WITH;
  if (!bytes.subarray(offset, offset + length).equals(NOT_ENCRYPTED)) {
    return err(
      'unsupported',
      'it is protected by a password: sign with minisign, whose signatures are the same',
    );
  }
  const number = bytes.subarray(SECRET_OFFSET, SECRET_OFFSET + KEY_NUMBER_BYTES);
  const seed = bytes.subarray(SECRET_OFFSET + KEY_NUMBER_BYTES).subarray(0, KEY_BYTES);
  const key = bytes.subarray(SECRET_OFFSET + KEY_NUMBER_BYTES + KEY_BYTES).subarray(0, KEY_BYTES);
  const signer = signerOf(seed, key);
  if (signer === null) return err('malformed', 'its secret and its public half do not belong together');
  return ok({ number, publicText: publicKeyText(number, key), signer });
}

/** The content of the `.pub` file. */
export function publicKeyFile(publicText: string): string {
  return `untrusted comment: Headwater feed public key\n${publicText}\n`;
}

/** Null when the public half is not the one that belongs to the seed. */
function signerOf(seed: Uint8Array, key: Uint8Array): KeyObject | null {
  const d = Buffer.from(seed).toString('base64url');
  const x = Buffer.from(key).toString('base64url');
  const signer = createPrivateKey({ format: 'jwk', key: { kty: 'OKP', crv: 'Ed25519', d, x } });
  return createPublicKey(signer).export({ format: 'jwk' }).x === x ? signer : null;
}
