import { sign, verify } from 'node:crypto';
import { blake2b } from '@noble/hashes/blake2';
import { FEED_LIMITS } from '../../../shared/feed.ts';
import { DONE, err, ok, type Result } from '../../../shared/result.ts';
import { KEY_NUMBER_BYTES, type PublicKey } from './public-key.ts';
import type { SecretKey } from './secret-key.ts';

/** "ED": Ed25519 over BLAKE2b-512 of the content, which is what `minisign` makes since 0.10. */
const HASHED = Buffer.from('ED');
/** "Ed": over the content itself, which older ones made. */
const LEGACY = Buffer.from('Ed');
const SIGNATURE_BYTES = 64;
const LINE_BYTES = HASHED.length + KEY_NUMBER_BYTES + SIGNATURE_BYTES;
const UNTRUSTED = 'untrusted comment: ';
const TRUSTED = 'trusted comment: ';

/** What stands in a `.minisig` file, taken apart. */
interface DetachedSignature {
  readonly keyNumber: Buffer;
  readonly signature: Buffer;
  readonly trustedComment: string;
  /** Over the signature and the trusted comment. */
  readonly global: Buffer;
}

/**
 * Signs content. The same content, key and comment give the same signature (RFC 8032).
 * @returns the content of the `.minisig` file
 */
export function signDetached(content: Uint8Array, key: SecretKey, trustedComment: string): string {
  const signature = sign(null, hashOf(content), key.signer);
  const global = sign(null, Buffer.concat([signature, Buffer.from(trustedComment)]), key.signer);
  const line = Buffer.concat([HASHED, key.number, signature]);
  return [
    `${UNTRUSTED}verify with: minisign -V -P ${key.publicText}`,
    line.toString('base64'),
    `${TRUSTED}${trustedComment}`,
    global.toString('base64'),
    '',
  ].join('\n');
}

/**
 * Whether a `.minisig` is this key's signature over this content, comment included. Fails with `malformed` when it is
 * no signature file, with `unsupported` for old-style ones and with `untrusted` when it does not check out.
 */
export function verifyDetached(content: Uint8Array, minisig: string, key: PublicKey): Result<void> {
  const parsed = parseDetached(minisig);
  if (!parsed.ok) return parsed;
  const { keyNumber, signature, trustedComment, global } = parsed.value;
  if (!keyNumber.equals(key.number))
    return err('untrusted', 'it was signed with another key', { words: ['feed-other-key'] });
  if (!verify(null, hashOf(content), key.verifier, signature)) {
    return err('untrusted', 'its signature does not belong to this content', { words: ['feed-forged'] });
  }
  const commented = Buffer.concat([signature, Buffer.from(trustedComment)]);
  return verify(null, commented, key.verifier, global)
    ? DONE
    : err('untrusted', 'the comment of its signature was changed', { words: ['feed-forged'] });
}

function parseDetached(minisig: string): Result<DetachedSignature> {
  const [untrusted = '', line = '', trusted = '', last = '', ...rest] = minisig.split(/\r?\n/);
  const bytes = Buffer.from(line, 'base64');
  const global = Buffer.from(last, 'base64');
  const complete =
    minisig.length <= FEED_LIMITS.signatureBytes &&
    untrusted.startsWith(UNTRUSTED) &&
    trusted.startsWith(TRUSTED) &&
    bytes.length === LINE_BYTES &&
    global.length === SIGNATURE_BYTES &&
    rest.every((text) => text === '');
  if (!complete) return err('malformed', 'its signature file is not one that minisign or headwater made');
  const algorithm = bytes.subarray(0, HASHED.length);
  if (algorithm.equals(LEGACY)) {
    return err('unsupported', 'its signature is in the old style of minisign: sign again without -l');
  }
  if (!algorithm.equals(HASHED)) return err('unsupported', 'its signature is of a kind that is not known');
  return ok({
    keyNumber: bytes.subarray(HASHED.length, HASHED.length + KEY_NUMBER_BYTES),
    signature: bytes.subarray(HASHED.length + KEY_NUMBER_BYTES),
    trustedComment: trusted.slice(TRUSTED.length),
    global,
  });
}

/** BLAKE2b-512 (RFC 7693). Not by `node:crypto`: Electron is built with BoringSSL, which does not have it. */
function hashOf(content: Uint8Array): Uint8Array {
  return blake2b(content, { dkLen: 64 });
}
