import fs from 'node:fs';
import path from 'node:path';
import { FEED_FILES } from '../../shared/feed.ts';
import { err, ok, type Result } from '../../shared/result.ts';
import type { FeedRow } from '../catalog/tables/feeds.ts';
import { isRemote, localPath } from '../storage/chain/location.ts';
import type { FeedPlace } from './fetch-judged.ts';
import type { ListFormat } from './listing.ts';
import { simplestreams } from './simplestreams/simplestreams.ts';
import { signedFeeds } from './signed-feeds.ts';

const FORMATS: Readonly<Record<FeedRow['kind'], ListFormat>> = {
  signed: signedFeeds,
  simplestreams,
};

export function formatOf(kind: FeedRow['kind']): ListFormat {
  return FORMATS[kind];
}

/**
 * What somebody typed, as a place: contents are never probed, the name tells the format. A folder means the feed in it.
 */
export function placeOf(typed: string): Result<FeedPlace> {
  const text = typed.trim();
  if (!isRemote(text)) {
    const file = localPath(text);
    if (/^[a-z][a-z0-9+.-]+:\/\//i.test(text)) {
      return err('invalid-argument', `'${text}': a feed has an http:// or https:// address, or is a file`, {
        words: ['not-an-address', text],
      });
    }
    const isFolder = file.endsWith('/') || fs.statSync(file, { throwIfNoEntry: false })?.isDirectory();
    return ok(named(path.resolve(file) + (isFolder ? '/' : '')));
  }
  if (!URL.canParse(text))
    return err('invalid-argument', `'${text}' is not an address`, { words: ['not-an-address', text] });
  const url = new URL(text);
  url.hash = '';
  return ok(named(url.href));
}

function named(location: string): FeedPlace {
  const whole = location.endsWith('/') ? location + FEED_FILES.document : location;
  const kind = /\/streams\/v1\/index\.json(\?|$)/.test(whole) ? 'simplestreams' : 'signed';
  return { format: FORMATS[kind], location: whole };
}
