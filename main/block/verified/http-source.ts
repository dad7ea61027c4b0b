import type { Clock } from '../../../shared/clock.ts';
import { type Result, err, ok } from '../../../shared/result.ts';
import { openHttpDevice } from '../http/http-device.ts';
import { parseSourceAddress } from '../http/source-address.ts';
import type { MasterSource } from './master-source.ts';

export interface HttpSourceOptions {
  readonly clock: Clock;
  /** Most connections to it for each file, see `remote/connections.ts`. */
  readonly connections?: number | undefined;
  /** Silence after which it is given up for the moment, in milliseconds. */
  readonly noProgressTimeoutMs?: number | undefined;
  /** Certificates (PEM) to trust instead of the well-known ones. */
  readonly trustedCertificates?: string | undefined;
}

/** A folder on a web server. @param base its address, with or without a slash at the end */
export function httpSource(base: string, options: HttpSourceOptions): Result<MasterSource> {
  const address = parseSourceAddress(base);
  if (!address.ok) return address;
  const { display, target } = address.value;
  if (target.includes('?')) return err('invalid-argument', `${display}: a folder's address has no query`);
  const folder = base.replace(/#.*$/s, '').replace(/\/*$/, '/');
  return ok({
    name: display.replace(/\/*$/, '/'),
    remote: true,
    open: (file, lengthBytes, onSample) =>
      openHttpDevice(folder + file, { ...options, knownBytes: lengthBytes, onExchange: onSample }),
  });
}
