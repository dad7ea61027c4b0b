import { createHash } from 'node:crypto';
import { isRemote } from '../storage/chain/location.ts';
import { publishedLayer } from '../storage/chain/published-master.ts';
import type { Tables } from '../catalog/catalog.ts';
import type { ApplianceRow } from '../catalog/tables/appliances.ts';
import { dropUnlisted, dropUnusedMasters } from '../catalog/unlisted.ts';
import { newMaster, type Master } from '../catalog/tables/masters.ts';
import type {
  ImageAppliance,
  ListedAppliance,
  ListedImage,
  ListedMaster,
  ReadyAppliance,
} from './listing.ts';

export interface Installed {
  readonly appliance: ApplianceRow;
  readonly master: Master;
}

/** What an appliance of a feed is called in the catalog: ids of feeds have one length, so that no two are the same. */
export function applianceIdOf(feedId: string, { description }: Pick<ListedAppliance, 'description'>): string {
  return `${feedId}-${description.id}`;
}

/**
 * Enters an appliance of a feed and its master, so that machines can be made from it. Where an older version was
 * entered before, its master stays for as long as disks lie on it.
 */
export function install(
  tables: Tables,
  feedId: string,
  { description, content }: ReadyAppliance,
  nowMs: number,
): Installed {
  const { appliances, masters } = tables;
  const id = applianceIdOf(feedId, { description });
  const master = masterOf(id, `${description.name} ${description.version}`.trim(), content, nowMs);
  if (masters.find(master.id) === null) masters.add(master);
  else masters.published(master.id, { location: master.location, published: master.published });
  const appliance = { id, feedId, masterId: master.id, description, addedMs: nowMs };
  appliances.put(appliance);
  dropUnusedMasters(tables, nowMs);
  return { appliance, master };
}

/** The master that an image of a list becomes when it was fetched: another image is another master. */
export function imageMasterIdOf(applianceId: string, { sha256, packing, format }: ListedImage): string {
  return idOf([applianceId, sha256, packing, format]);
}

/** Enters an appliance with the master that its image became. */
export function installImage(
  tables: Tables,
  feedId: string,
  { description }: ImageAppliance,
  master: Master,
  nowMs: number,
): Installed {
  const { appliances, masters } = tables;
  if (masters.find(master.id) === null) masters.add(master);
  const id = applianceIdOf(feedId, { description });
  // A feed that was removed meanwhile lists nothing any more.
  const feed = tables.feeds.find(feedId) === null ? null : feedId;
  const appliance = { id, feedId: feed, masterId: master.id, description, addedMs: nowMs };
  appliances.put(appliance);
  dropUnusedMasters(tables, nowMs);
  return { appliance, master };
}

/**
 * Makes the catalog follow what a feed lists now: masters that are entered learn of new sources; appliances that it does
 * not list any more go, and stay for as long as machines need them.
 */
export function followListing(
  tables: Tables,
  feedId: string,
  listed: readonly ListedAppliance[],
  nowMs: number,
): void {
  const { appliances, masters } = tables;
  const byId = new Map(listed.map((entry) => [applianceIdOf(feedId, entry), entry.content]));
  for (const { id, masterId } of appliances.ofFeed(feedId)) {
    const content = byId.get(id);
    if (content?.kind === 'master' && masterIdOf(id, content) === masterId) {
      masters.published(masterId, placeOf(content));
    }
    appliances.belongsTo(id, content === undefined ? null : feedId);
  }
  dropUnlisted(tables, nowMs);
}

function masterOf(applianceId: string, name: string, content: ListedMaster, nowMs: number): Master {
  const { description, sources } = content;
  return newMaster({
    id: masterIdOf(applianceId, content),
    name,
    source: sources.some(isRemote) ? 'http' : 'file',
    ...placeOf(content),
    format: 'raw',
    lengthBytes: description.lengthBytes,
    sha256: description.sha256,
    createdMs: nowMs,
  });
}

function placeOf({ description, sources }: ListedMaster): Required<Pick<Master, 'location' | 'published'>> {
  const published = { description, sources: [...sources] };
  return { location: publishedLayer(published).location, published };
}

/**
 * Another disk is another master, and so is the same disk in the hands of another publisher: what one of them says of
 * it, right or wrong, must not count for the machines of the other. Profiles and saved states may change with time.
 */
function masterIdOf(applianceId: string, { description: { sha256, chunks } }: ListedMaster): string {
  return idOf([applianceId, sha256, chunks.sha256]);
}

function idOf(identity: readonly string[]): string {
  return createHash('sha256').update(identity.join('\n')).digest('hex').slice(0, 32);
}
