import type { Range } from '../range.ts';
import type { SourceAddress } from './source-address.ts';

/** The head of a request for a range of a source (RFC 9110, section 14.2). */
export function rangeRequest(address: SourceAddress, ifRange: string | null, range: Range): string {
  return [
    `GET ${address.target} HTTP/1.1`,
    `Host: ${address.authority}`,
    'User-Agent: Headwater',
    'Accept-Encoding: identity',
    ...(address.authorization === null ? [] : [`Authorization: ${address.authorization}`]),
    ...(ifRange === null ? [] : [`If-Range: ${ifRange}`]),
    `Range: bytes=${range.offset}-${range.offset + range.length - 1}`,
    '\r\n',
  ].join('\r\n');
}
