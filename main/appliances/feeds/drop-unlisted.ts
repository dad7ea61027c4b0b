import type { Tables } from '../../catalog/catalog.ts';

/**
 * Lets go of a feed's appliances that it does not list any more, and of their masters. What machines were made from
 * stays, for as long as they need it.
 * @param listed the feed's own ids of what it lists now
 */
export function dropUnlisted(
  { appliances, masters }: Tables,
  feedId: string,
  listed: ReadonlySet<string>,
): void {
  for (const { id, description, masterId } of appliances.ofFeed(feedId)) {
    if (listed.has(description.id) || appliances.isNeeded(id)) continue;
    if (masterId !== null && masters.isNeeded(masterId)) continue;
    appliances.remove(id);
    if (masterId !== null) masters.remove(masterId);
  }
}
