import { promisify } from 'node:util';
import zlib from 'node:zlib';
import { err, ok, type Result } from '../../shared/result.ts';
import { MIB } from '../../shared/units.ts';
import type { StoredFeedCopy } from '../catalog/tables/feeds.ts';
import type { FeedCopy } from './listing.ts';

const deflate = promisify(zlib.deflate);
const inflate = promisify(zlib.inflate);

/** Several times what any list may have; a damaged copy may claim to be anything. */
const MOST_BYTES = 64 * MIB;

/** A feed's copy as the catalog keeps it: deflated (RFC 1950), as lists repeat themselves. */
export async function packCopy({ document, signature }: FeedCopy): Promise<StoredFeedCopy> {
  return { document: await deflate(document), packing: 'deflate', signature };
}

/** The copy, byte for byte as it came. Fails with `malformed` where it was damaged. */
export async function unpackCopy({
  document,
  packing,
  signature,
}: StoredFeedCopy): Promise<Result<FeedCopy>> {
  if (packing === 'none') return ok({ document, signature });
  try {
    return ok({ document: await inflate(document, { maxOutputLength: MOST_BYTES }), signature });
  } catch {
    return err('malformed', 'its copy in the catalog is damaged');
  }
}
