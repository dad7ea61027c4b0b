import path from 'node:path';
import type { Result } from '../../../shared/result.ts';
import { isRemote, localPath } from '../../storage/chain/location.ts';
import type { DocumentWish, FetchedDocument, FetchParts } from './document.ts';
import { fetchHttpDocument } from './http-document.ts';
import { readLocalDocument } from './local-document.ts';

/**
 * Reads a small document whole: an `http://` or `https://` address, or a file. In bounded time and memory, whatever is
 * at the other end. Fails as remote sources do (`source-unreachable`, `source-refused`, `malformed`), or as files do.
 */
export function fetchDocument(
  location: string,
  wish: DocumentWish,
  parts: FetchParts,
): Promise<Result<FetchedDocument>> {
  return isRemote(location)
    ? fetchHttpDocument(location, wish, parts)
    : readLocalDocument(localPath(location), wish);
}

/** Where a document that another one names lies: relative names begin at the folder of the naming one. */
export function resolveLocation(from: string, name: string): string {
  if (isRemote(name)) return name;
  return isRemote(from) ? new URL(name, from).href : path.resolve(path.dirname(localPath(from)), name);
}

/** The location with something put behind its name; a query stays where it is. */
export function withSuffix(location: string, suffix: string): string {
  if (!isRemote(location)) return location + suffix;
  const url = new URL(location);
  url.pathname += suffix;
  return url.href;
}
