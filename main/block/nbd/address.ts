import { err, ok, type Result } from '../../../shared/result.ts';
import { DEFAULT_PORT, MAX_STRING_BYTES } from './protocol.ts';

/** Where an export is, taken apart once. */
export interface NbdTarget {
  /** True for `nbds:` and `nbds+unix:`: nothing is asked for without TLS. */
  readonly secure: boolean;
  readonly at:
    | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
    | { readonly kind: 'unix'; readonly path: string };
  readonly exportName: string;
  /** A folder with the certificates to trust and to show, as QEMU and libnbd have it; null for the well-known ones. */
  readonly certificates: string | null;
  /** The name the server's certificate must carry, where it is not the host's. */
  readonly serverName: string | null;
  /** The address for messages. */
  readonly display: string;
}

const PROTOCOL = /^nbds?(?:\+unix)?:$/;
const PARAMETERS = ['socket', 'tls-certificates', 'tls-hostname'];

/** True for the addresses that {@link parseNbdAddress} is for. */
export function isNbdAddress(text: string): boolean {
  return /^nbds?(\+unix)?:\/\//i.test(text);
}

/**
 * Reads the address of an export, as the NBD project's `doc/uri.md` has it: `nbd://host:port/export`,
 * `nbd+unix:///export?socket=path`, `nbds:` and `nbds+unix:` for TLS. Fails with `invalid-argument`, naming what is
 * wrong.
 */
export function parseNbdAddress(text: string): Result<NbdTarget> {
  if (!isNbdAddress(text) || !URL.canParse(text)) {
    return err('invalid-argument', `'${text}' is not an NBD address: use nbd://host:port/export`);
  }
  const url = new URL(text);
  const exportName = decoded(url.pathname.replace(/^\//, ''));
  if (exportName === null || exportName.includes('\0') || Buffer.byteLength(exportName) > MAX_STRING_BYTES) {
    return err('invalid-argument', `${text}: the name of the export cannot be read`);
  }
  for (const name of url.searchParams.keys()) {
    if (!PARAMETERS.includes(name))
      return err('invalid-argument', `${text}: parameter '${name}' is not known`);
  }
  const at = placeOf(url, text);
  if (!at.ok) return at;
  return ok({
    secure: url.protocol.startsWith('nbds'),
    at: at.value,
    exportName,
    certificates: url.searchParams.get('tls-certificates'),
    serverName: url.searchParams.get('tls-hostname'),
    display: displayOf(url),
  });
}

function placeOf(url: URL, text: string): Result<NbdTarget['at']> {
  const socket = url.searchParams.get('socket');
  if (url.protocol.endsWith('+unix:')) {
    if (url.host !== '')
      return err('invalid-argument', `${text}: a socket is on this machine; write nbd+unix:///`);
    if (socket === null || socket === '') {
      return err('invalid-argument', `${text}: parameter 'socket' must name the socket`);
    }
    return ok({ kind: 'unix', path: socket });
  }
  if (!PROTOCOL.test(url.protocol) || url.hostname === '') {
    return err('invalid-argument', `${text}: the host is missing`);
  }
  if (socket !== null)
    return err('invalid-argument', `${text}: parameter 'socket' is for nbd+unix: addresses`);
  const host = decoded(url.hostname.replace(/^\[(.*)\]$/, '$1')) ?? '';
  return ok({ kind: 'tcp', host, port: url.port === '' ? DEFAULT_PORT : Number(url.port) });
}

/** Null when an escape cannot be decoded. */
function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}

/** Without a user name, which has no meaning here, and with a socket to be recognised. */
function displayOf(url: URL): string {
  const socket = url.searchParams.get('socket');
  return `${url.protocol}//${url.host}${url.pathname}${socket === null ? '' : `?socket=${socket}`}`;
}
