import type { Clock } from '../../../shared/clock.ts';
import { err, type Err } from '../../../shared/result.ts';

export interface DocumentWish {
  /** A longer document is refused. */
  readonly mostBytes: number;
  /** The tag of the version that is known: it need not be sent again. */
  readonly etag?: string | null | undefined;
}

/** A whole document, or the word that it is still the one with the known tag. */
export type FetchedDocument =
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'whole'; readonly bytes: Buffer<ArrayBuffer>; readonly etag: string | null };

export interface FetchParts {
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
  /** Certificates (PEM) to trust instead of the well-known ones. */
  readonly trustedCertificates?: string | undefined;
}

export function tooLong(location: string, mostBytes: number): Err {
  return err('malformed', `'${location}' is longer than ${mostBytes} bytes, which it must not be`);
}
