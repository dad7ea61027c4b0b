import type { SourceIdentity } from '../remote/source-identity.ts';
import { isStrongEtag, parseHttpDate } from './field-values.ts';
import type { ResponseHead } from './response-head.ts';

export function identityOf(lengthBytes: number, head: ResponseHead): SourceIdentity {
  return {
    lengthBytes,
    etag: head.fields.get('etag') ?? null,
    lastModified: head.fields.get('last-modified') ?? null,
  };
}

/**
 * Value for `If-Range`, with which a server sends no range of a changed source. Only strong validators may stand there
 * (RFC 9110, section 13.1.5); a date is strong when it is at least a second older than the response (8.8.2.2).
 */
export function ifRangeOf(head: ResponseHead): string | null {
  const etag = head.fields.get('etag');
  if (etag !== undefined) return isStrongEtag(etag) ? etag : null;
  const lastModified = head.fields.get('last-modified');
  const changed = parseHttpDate(lastModified);
  const sent = parseHttpDate(head.fields.get('date'));
  if (lastModified === undefined || changed === undefined || sent === undefined) return null;
  return changed + 1000 <= sent ? lastModified : null;
}

/** The field in which a response contradicts what was learnt at open, or null. Fields it leaves out say nothing. */
export function changedField(identity: SourceIdentity, head: ResponseHead): 'ETag' | 'Last-Modified' | null {
  const etag = head.fields.get('etag');
  if (identity.etag !== null && etag !== undefined) {
    if (opaque(etag) !== opaque(identity.etag)) return 'ETag';
    if (isStrongEtag(identity.etag)) return null;
  }
  const lastModified = head.fields.get('last-modified');
  if (identity.lastModified === null || lastModified === undefined) return null;
  return lastModified === identity.lastModified ? null : 'Last-Modified';
}

/** Whether what answers now is the source that was opened, as far as what both tell of themselves goes. */
export function isSameSource(opened: SourceIdentity, found: SourceIdentity): boolean {
  if (opened.lengthBytes !== found.lengthBytes) return false;
  if (opened.etag !== null && found.etag !== null) return opaque(opened.etag) === opaque(found.etag);
  const { lastModified } = opened;
  return lastModified === null || found.lastModified === null || lastModified === found.lastModified;
}

/**
 * True when a range comes without the strong tag the source had at open. A range must carry it (RFC 9110, section
 * 15.3.7): without it nothing says that the bytes belong to the same version.
 */
export function lacksTag(identity: SourceIdentity, head: ResponseHead): boolean {
  return identity.etag !== null && isStrongEtag(identity.etag) && !head.fields.has('etag');
}

/** The tag without its weakness mark, which proxies add on the way. */
function opaque(etag: string): string {
  return etag.replace(/^W\//, '');
}
