import { type Result, DONE, because, err, ok } from '../../../shared/result.ts';
import { ConnectionPool, type PoolOptions } from './connection-pool.ts';
import { parseContentRange } from './field-values.ts';
import { MAX_REDIRECTS } from './limits.ts';
import { checkPartialContent, failureOfStatus } from './range-response.ts';
import { rangeRequest } from './request-head.ts';
import type { ResponseHead } from './response-head.ts';
import { type SourceAddress, resolveRedirect } from './source-address.ts';
import type { SourceIdentity } from '../remote/source-identity.ts';
import { identityOf, ifRangeOf } from './validators.ts';

/** A source that answered a first range request, and the pool whose connection it came over. */
export interface Probed {
  /** Where redirects led. */
  readonly address: SourceAddress;
  readonly pool: ConnectionPool;
  readonly identity: SourceIdentity;
  readonly ifRange: string | null;
}

const FIRST_BYTE = { offset: 0, length: 1 };
export const REDIRECTS = [301, 302, 303, 307, 308];

/** Follows redirects to the source and asks for its first byte, which tells its length and that it serves ranges. */
export async function probe(
  first: SourceAddress,
  options: Omit<PoolOptions, 'address'>,
): Promise<Result<Probed>> {
  let address = first;
  for (let hops = 0; hops <= MAX_REDIRECTS; hops++) {
    const pool = new ConnectionPool({ ...options, address });
    const answer = await ask(pool, address);
    if (!answer.ok) {
      pool.close();
      return answer;
    }
    if (answer.value.source !== null) return ok({ address, pool, ...answer.value.source });
    pool.close();
    const target = resolveRedirect(address, answer.value.location);
    if (!target.ok) return target;
    address = target.value;
  }
  return err(
    'source-refused',
    `${first.display}: more than ${MAX_REDIRECTS} redirects, the last to ${address.display}`,
  );
}

type Source = Pick<Probed, 'identity' | 'ifRange'>;
type Answer = { readonly source: Source } | { readonly source: null; readonly location: string };

async function ask(pool: ConnectionPool, address: SourceAddress): Promise<Result<Answer>> {
  let answer: Answer | null = null;
  const exchange = {
    request: rangeRequest(address, null, FIRST_BYTE),
    target: new Uint8Array(FIRST_BYTE.length),
    accept(head: ResponseHead): Result<void> {
      const judged = judge(head);
      if (!judged.ok) return judged;
      answer = judged.value;
      return head.status === 206 ? DONE : NO_BODY_WANTED;
    },
  };
  const done = await pool.run(exchange, 'demand');
  // An answer without a body of interest ends its connection by a failure that concerns nobody.
  const answered = answer as Answer | null;
  if (answered !== null && (done.ok || done.failure.code === NO_BODY_WANTED.failure.code))
    return ok(answered);
  return done.ok ? err('malformed', `${address.display}: no head`) : done;
}

const NO_BODY_WANTED = err('cancelled', 'the body is not wanted');

function judge(head: ResponseHead): Result<Answer> {
  const { status, fields } = head;
  if (REDIRECTS.includes(status)) {
    const location = fields.get('location');
    return location === undefined
      ? err('malformed', `status ${status} without field Location`)
      : ok({ source: null, location });
  }
  const range = parseContentRange(fields.get('content-range') ?? '');
  // An empty source has no first byte (RFC 9110, section 15.5.17).
  if (status === 416 && range?.total === 0) return ok({ source: sourceOf(0, head) });
  if (status !== 206) return failureOfStatus(head);
  const partial = checkPartialContent(head, FIRST_BYTE, null);
  if (!partial.ok) return because('not usable as a disk', partial);
  return ok({ source: sourceOf(range?.total ?? 0, head) });
}

function sourceOf(lengthBytes: number, head: ResponseHead): Source {
  return { identity: identityOf(lengthBytes, head), ifRange: ifRangeOf(head) };
}
