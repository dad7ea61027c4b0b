import type { MasterDescription, StateDescription } from '../../../shared/master.ts';
import { err, ok, type Result } from '../../../shared/result.ts';
import { sha256 } from '../../block/manifest/digest.ts';
import { CONTENT_STAMP_BYTES, type ContentStamp } from '../../qed/content-stamp.ts';
import { parseStateHeader, type StateHeader } from './header.ts';

/** What the content of a published disk is called: its own hash, as far as there is room for it. */
export function publishedContentStamp({ sha256 }: Pick<MasterDescription, 'sha256'>): ContentStamp {
  return sha256.slice(0, 2 * CONTENT_STAMP_BYTES);
}

/** Whether these are the first bytes of the state that is described. */
export function isStateHead({ sha256: expected }: StateDescription, head: Uint8Array): boolean {
  return sha256(head).toString('hex') === expected;
}

/**
 * What the head of a published state says, once it is known to be the one described: also that it belongs to this master.
 * Fails with `malformed`, or `unsupported` for a version to come; the message ends a sentence.
 */
export function parsePublishedHead(
  master: MasterDescription,
  described: StateDescription,
  head: Uint8Array,
): Result<StateHeader> {
  const header = parseStateHeader(head, described.lengthBytes);
  if (!header.ok) return header;
  const { memoryMiB, emulator, diskBytes, contentStamp } = header.value;
  const agrees =
    memoryMiB === described.memoryMiB &&
    emulator === described.emulator &&
    diskBytes === master.lengthBytes &&
    contentStamp === publishedContentStamp(master);
  return agrees ? ok(header.value) : err('malformed', 'it is not the one that its description tells of');
}
