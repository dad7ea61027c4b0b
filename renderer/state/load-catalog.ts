import type { ApplianceView, CatalogPlace } from '../../shared/ipc/catalog.ts';
import { ok, type Result } from '../../shared/result.ts';
import type { Client } from './client.ts';

/** The whole catalog, page by page. What changes on the way is told of by `catalog.changed`. */
export async function loadCatalog(request: Client['request']): Promise<Result<readonly ApplianceView[]>> {
  let known: ApplianceView[] = [];
  let place: CatalogPlace = { listing: null, from: 0 };
  for (;;) {
    const answer = await request('catalog.list', place);
    if (!answer.ok) return answer;
    const { listing, total, appliances } = answer.value;
    // Another window has begun a listing, and this is the beginning of that one.
    if (listing !== place.listing) known = [];
    known = [...known, ...appliances];
    if (known.length >= total || appliances.length === 0) return ok(known);
    place = { listing, from: known.length };
  }
}
