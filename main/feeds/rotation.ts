import type { KeyRotation } from '../../shared/feed.ts';
import { because, err, ok, type Result } from '../../shared/result.ts';
import { parsePublicKey } from './signature/public-key.ts';
import { verifyDetached } from './signature/signature.ts';

/**
 * The words with which the holder of a feed's key passes it on; exactly these bytes are signed with the old key. They
 * name the feed, so that a statement made for one is worth nothing for another.
 */
export function rotationStatement(
  feedId: string,
  { from, to, serial }: Omit<KeyRotation, 'signature'>,
): Buffer {
  return Buffer.from(
    `Headwater feed key rotation 1\nfeed: ${feedId}\nfrom: ${from}\nto: ${to}\nserial: ${serial}\n`,
  );
}

/**
 * Follows signed statements from the key that is known to the one a feed is signed with now. Fails with `untrusted`
 * where no statement leads on, or one is not what the old key's holder signed.
 */
export function followRotations(
  feed: { readonly feedId: string; readonly serial: number; readonly rotations: readonly KeyRotation[] },
  knownKey: string,
  presentKey: string,
): Result<void> {
  let key = knownKey;
  // Each key is passed on once: so many steps are enough, and a circle of statements ends.
  for (let steps = 0; key !== presentKey; steps++) {
    const rotation = feed.rotations.find(({ from }) => from === key);
    if (rotation === undefined || steps === feed.rotations.length) {
      return err(
        'untrusted',
        'it is signed with another key than before, and the holder of the old key does not say so',
        { words: ['feed-other-key'] },
      );
    }
    const passedOn = verifyRotation(feed.feedId, rotation);
    if (!passedOn.ok) return passedOn;
    if (rotation.serial > feed.serial) {
      return err('untrusted', `its new key counts from serial ${rotation.serial} on only`);
    }
    key = rotation.to;
  }
  return ok(undefined);
}

/** Whether the holder of the old key signed this statement. */
export function verifyRotation(feedId: string, rotation: KeyRotation): Result<void> {
  const old = parsePublicKey(rotation.from);
  if (!old.ok) return old;
  const verified = verifyDetached(rotationStatement(feedId, rotation), rotation.signature, old.value);
  return verified.ok ? verified : because('its key was not passed on by the holder of the old one', verified);
}
