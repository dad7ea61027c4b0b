import { type Result, err, ok } from '../../../shared/result.ts';

/** Where a remote source is, taken apart once so that no later code handles the credentials in an address. */
export interface SourceAddress {
  /** True for `https:`. */
  readonly secure: boolean;
  /** Name or IP address to connect to; IPv6 without its brackets. */
  readonly host: string;
  readonly port: number;
  /** Value of the `Host` field: IPv6 in brackets, the port only where it is not the usual one. */
  readonly authority: string;
  /** Path and query as they stand in the request line. */
  readonly target: string;
  /** Value of the `Authorization` field, made from the user name and password in the address. */
  readonly authorization: string | null;
  /** The address for messages: without credentials, and without the query, which often carries a signature. */
  readonly display: string;
}

/** Reads an `http://` or `https://` address. Fails with `invalid-argument`, never quoting credentials. */
export function parseSourceAddress(text: string): Result<SourceAddress> {
  if (!URL.canParse(text)) {
    return err('invalid-argument', `'${withoutSecrets(text)}' is not an address: use http://host/path`);
  }
  const url = new URL(text);
  if (!isHttp(url))
    return err('invalid-argument', `${displayOf(url)}: only http:// and https:// can be read from`);
  const credentials = basicCredentials(url);
  if (credentials === undefined) {
    return err('invalid-argument', `${displayOf(url)}: the user name or password has a broken %-escape`);
  }
  return ok(fromUrl(url, credentials));
}

/**
 * Where a redirect from `from` to `location` leads. Refuses to leave `https:`; credentials stay with the origin they
 * were given for, and those a redirect brings along are ignored.
 */
export function resolveRedirect(from: SourceAddress, location: string): Result<SourceAddress> {
  const base = `${from.secure ? 'https' : 'http'}://${from.authority}${from.target}`;
  if (!URL.canParse(location, base)) {
    return err('malformed', `${from.display}: field Location of the redirect is not an address`);
  }
  const url = new URL(location, base);
  const sameOrigin = url.origin === new URL(base).origin;
  if (from.secure && url.protocol !== 'https:') {
    return err(
      'source-refused',
      `${from.display}: redirects from https to ${displayOf(url)}, which is not secure`,
    );
  }
  if (!isHttp(url))
    return err('source-refused', `${from.display}: redirects to ${displayOf(url)}, which is not HTTP`);
  return ok(fromUrl(url, sameOrigin ? from.authorization : null));
}

function fromUrl(url: URL, authorization: string | null): SourceAddress {
  const secure = url.protocol === 'https:';
  return {
    secure,
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? (secure ? 443 : 80) : Number(url.port),
    authority: url.host,
    target: url.pathname + url.search,
    authorization,
    display: displayOf(url),
  };
}

function isHttp(url: URL): boolean {
  return url.protocol === 'https:' || url.protocol === 'http:';
}

/** RFC 7617. Undefined when an escape cannot be decoded. */
function basicCredentials(url: URL): string | null | undefined {
  if (url.username === '' && url.password === '') return null;
  try {
    const pair = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
    return `Basic ${Buffer.from(pair, 'utf8').toString('base64')}`;
  } catch {
    return undefined;
  }
}

function displayOf(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname}${url.search === '' ? '' : '?…'}`;
}

/** What is safe to quote of a text that could not be taken apart. */
function withoutSecrets(text: string): string {
  return text.slice(text.lastIndexOf('@') + 1).replace(/\?.*$/s, '?…');
}
