import { type Err, type Result, DONE, err } from '../../../shared/result.ts';
import type { Range } from '../range.ts';
import { parseContentRange, parseLength, retryAfterMs } from './field-values.ts';
import type { ResponseHead } from './response-head.ts';
import type { SourceIdentity } from '../remote/source-identity.ts';
import { changedField, lacksTag } from './validators.ts';

/**
 * Whether `head` announces exactly the bytes asked for, of the source that was opened. Failures:
 * `source-changed` (another entity tag, date or length), `source-refused` (403, 404, no ranges ...),
 * `source-unreachable` (429, 5xx), `malformed` (contradictions; the field is named).
 */
export function checkRangeResponse(head: ResponseHead, asked: Range, identity: SourceIdentity): Result<void> {
  if (head.status === 206) {
    const changed = changedField(identity, head);
    if (changed !== null)
      return err('source-changed', `the source has changed: ${changed} is another one than at open`);
    if (lacksTag(identity, head)) {
      return err('source-changed', 'the source has changed: it had an ETag at open, and this range has none');
    }
    return checkPartialContent(head, asked, identity.lengthBytes);
  }
  if (head.status === 412) return err('source-changed', 'the source has changed (status 412)');
  if (head.status === 416) return unsatisfiable(head, identity);
  if (head.status === 200) return wholeInsteadOfRange(head, identity);
  return failureOfStatus(head);
}

/**
 * The rules of a 206 response to one range (RFC 9110, section 15.3.7). `totalBytes` is the length the source must
 * have; null when any will do.
 */
export function checkPartialContent(
  head: ResponseHead,
  asked: Range,
  totalBytes: number | null,
): Result<void> {
  const framing = checkFraming(head);
  if (!framing.ok) return framing;
  const field = head.fields.get('content-range');
  const range = field === undefined ? null : parseContentRange(field);
  if (range === null || range.span === null) {
    return err(
      'malformed',
      `field Content-Range is ${field === undefined ? 'missing' : 'not a range of bytes'}`,
    );
  }
  if (range.total === null)
    return err('source-refused', 'field Content-Range does not tell the length of the source');
  if (totalBytes !== null && range.total !== totalBytes) {
    return err('source-changed', `the source has changed: ${range.total} bytes long, ${totalBytes} at open`);
  }
  if (range.span.first !== asked.offset || range.span.last !== asked.offset + asked.length - 1) {
    return err(
      'malformed',
      `field Content-Range is bytes ${range.span.first}-${range.span.last}, ` +
        `asked for ${asked.offset}-${asked.offset + asked.length - 1}`,
    );
  }
  const length = head.fields.get('content-length');
  if (length !== undefined && parseLength(length) !== asked.length) {
    return err('malformed', `field Content-Length does not match the ${asked.length} bytes of Content-Range`);
  }
  return DONE;
}

/** What a status other than that of a range means for the reader. */
export function failureOfStatus(head: ResponseHead): Err {
  const { status } = head;
  const answered = `the server answered with status ${status}`;
  if (status === 429 || status === 503) {
    return err('source-unreachable', `${answered}: it is busy`, {
      retryAfterMs: retryAfterMs(head),
      words: ['source-busy', String(status)],
    });
  }
  const words = ['source-answers', String(status)] as const;
  if (status >= 500 || status === 408) return err('source-unreachable', answered, { words });
  switch (status) {
    case 200:
      return err(
        'source-refused',
        'the server ignores ranges (status 200 instead of 206): use one that supports them',
        { words: ['source-without-ranges'] },
      );
    case 401:
      return err('source-refused', `${answered}: it wants a user name and password`, {
        words: ['source-wants-login'],
      });
    case 403:
      return err('source-refused', `${answered}: access denied`, { words: ['source-forbids'] });
    case 404:
    case 410:
      return err('source-refused', `${answered}: there is no such file (any more)`, {
        words: ['source-lacks-file'],
      });
    default:
      return err('source-refused', answered, { words });
  }
}

function checkFraming(head: ResponseHead): Result<void> {
  const encoding = head.fields.get('content-encoding');
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
    return err('source-refused', 'field Content-Encoding: the server compresses although asked not to', {
      words: ['source-compresses'],
    });
  }
  if (!head.fields.has('transfer-encoding')) return DONE;
  if (head.minorVersion === 0 || head.fields.has('content-length')) {
    return err('malformed', 'field Transfer-Encoding may not stand in this response');
  }
  return err('source-refused', 'field Transfer-Encoding: ranges sent in chunks are not supported');
}

/** With `If-Range` a changed source comes back whole; so does everything from a server that stopped doing ranges. */
function wholeInsteadOfRange(head: ResponseHead, identity: SourceIdentity): Err {
  const changed = changedField(identity, head);
  if (changed !== null)
    return err('source-changed', `the source has changed: ${changed} is another one than at open`);
  const length = head.fields.get('content-length');
  if (length !== undefined && parseLength(length) !== identity.lengthBytes) {
    return err('source-changed', `the source has changed: it was ${identity.lengthBytes} bytes long at open`);
  }
  return failureOfStatus(head);
}

function unsatisfiable(head: ResponseHead, identity: SourceIdentity): Err {
  const range = parseContentRange(head.fields.get('content-range') ?? '');
  if (range?.total === identity.lengthBytes) {
    return err('malformed', 'the server calls a range inside the source unsatisfiable (status 416)');
  }
  return err('source-changed', 'the source has changed: it is shorter than at open (status 416)');
}
