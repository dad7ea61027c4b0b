import type { Range } from '../range.ts';
import type { SourceAddress } from './source-address.ts';

/** Makes the heads of requests for ranges of one source (RFC 9110, section 14.2). */
export function rangeRequests(address: SourceAddress, ifRange: string | null): (range: Range) => string {
  const fields = [
    `GET ${address.target} HTTP/1.1`,
    `Host: ${address.authority}`,
    'User-Agent: Headwater',
    'Accept-Encoding: identity',
    ...(address.authorization === null ? [] : [`Authorization: ${address.authorization}`]),
    ...(ifRange === null ? [] : [`If-Range: ${ifRange}`]),
    'Range: bytes=',
  ];
  const start = fields.join('\r\n');
  return ({ offset, length }) => `${start}${offset}-${offset + length - 1}\r\n\r\n`;
}
