import path from 'node:path';
import { ok, type Result } from '../../../shared/result.ts';
import { ApplianceService } from '../../appliances/appliance-service.ts';
import { ImageInstalls } from '../../appliances/image-installs.ts';
import { PublishedBoots, type PublishedBootParts } from '../../appliances/published-boots.ts';
import { FeedService } from '../../feeds/feed-service.ts';
import { threadFeedReader } from '../../feeds/thread/feed-thread.ts';
import { MasterImports } from '../../masters/master-imports.ts';
import { MasterService, type MasterParts } from '../../masters/master-service.ts';
import type { Foundation } from './foundation.ts';
import type { BackEndOptions } from './options.ts';

/** What machines are made from, and what is known of it. */
export interface Origins {
  readonly masters: MasterService;
  readonly boots: PublishedBoots;
  readonly feeds: FeedService;
  readonly appliances: ApplianceService;
  readonly images: ImageInstalls;
}

/** What disks do about it, which do not exist yet. */
interface Later {
  readonly removeCopy: MasterParts['removeCopy'];
  readonly whileUnread: MasterParts['whileUnread'];
  readonly bootLearned: PublishedBootParts['learned'];
  readonly globalLimit: () => SharedArrayBuffer;
  readonly reclaim: () => void;
}

export function openOrigins(base: Foundation, options: BackEndOptions, later: Later): Result<Origins> {
  const masters = openMasters(base, options, later);
  if (!masters.ok) return masters;
  const boots = wireBoots(base, later);
  const feeds = wireFeeds(base, boots, later);
  const images = wireImages(base, options, later);
  const appliances = wireAppliances(base, options, { feeds, boots, images });
  return ok({ masters: masters.value, boots, feeds, appliances, images });
}

function openMasters(
  base: Foundation,
  { dataFolder }: BackEndOptions,
  { removeCopy, whileUnread }: Later,
): Result<MasterService> {
  const changed = base.catalogChanged;
  const imports = new MasterImports({ ...base, mastersFolder: path.join(dataFolder, 'masters'), changed });
  const recovered = imports.recover();
  if (!recovered.ok) return recovered;
  const defaultMemoryMiB = () => base.preferences.current.defaultMemoryMiB;
  return ok(new MasterService({ ...base, imports, removeCopy, whileUnread, defaultMemoryMiB, changed }));
}

function wireBoots(base: Foundation, { bootLearned }: Later): PublishedBoots {
  return new PublishedBoots({
    ...base,
    fetch: (published) => base.tasks.run('bootProfile', published),
    learned: bootLearned,
  });
}

function wireFeeds(base: Foundation, boots: PublishedBoots, { reclaim }: Later): FeedService {
  const feeds: FeedService = new FeedService({
    ...base,
    reader: threadFeedReader,
    metered: () => base.preferences.current.metered,
    changed: () => {
      base.publish('feeds.changed', feeds.views);
      reclaim();
      void boots.look();
    },
  });
  return feeds;
}

function wireImages(
  base: Foundation,
  { dataFolder }: BackEndOptions,
  { globalLimit, reclaim }: Later,
): ImageInstalls {
  return new ImageInstalls({
    ...base,
    mastersFolder: path.join(dataFolder, 'masters'),
    downloadsFolder: path.join(dataFolder, 'downloads'),
    globalLimit,
    changed: reclaim,
  });
}

interface UnderAppliances {
  readonly feeds: FeedService;
  readonly boots: PublishedBoots;
  readonly images: ImageInstalls;
}

function wireAppliances(
  base: Foundation,
  { recipesFolder }: BackEndOptions,
  { feeds, boots, images }: UnderAppliances,
): ApplianceService {
  return new ApplianceService({
    ...base,
    recipesFolder,
    feeds,
    images,
    isBeingImported: (id) => base.activities.isUnderWay('import', id),
    installed: () => void boots.look(),
  });
}
