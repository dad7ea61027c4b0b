import { describe, expect, it } from 'vitest';
import { CATALOG_PAGE, type ApplianceView } from '../../shared/ipc/catalog.ts';
import { err, ok, unwrap } from '../../shared/result.ts';
import { CatalogPages } from './catalog-pages.ts';

const named = (name: string, count: number) =>
  Array.from({ length: count }, (_, index) => ({ id: `${name}-${index}` }) as ApplianceView);

describe('the pages of a catalog', () => {
  it('are all of it, in order, and none is longer than a page', async () => {
    const all = named('a', 2 * CATALOG_PAGE + 1);
    const pages = new CatalogPages(async () => ok(all));
    const begun = unwrap(await pages.page({ listing: null, from: 0 }));
    const next = (from: number) => pages.page({ listing: begun.listing, from });
    const rest = [unwrap(await next(CATALOG_PAGE)), unwrap(await next(2 * CATALOG_PAGE))];
    expect([begun, ...rest].map(({ appliances }) => appliances.length)).toEqual([
      CATALOG_PAGE,
      CATALOG_PAGE,
      1,
    ]);
    expect([begun, ...rest].flatMap(({ appliances }) => appliances)).toEqual(all);
    expect(begun.total).toBe(all.length);
  });

  it('stay those of one listing, whatever changes meanwhile', async () => {
    let all = named('old', CATALOG_PAGE + 1);
    const pages = new CatalogPages(async () => ok(all));
    const { listing } = unwrap(await pages.page({ listing: null, from: 0 }));
    all = named('new', 1);
    const rest = unwrap(await pages.page({ listing, from: CATALOG_PAGE }));
    expect(rest.appliances.map(({ id }) => id)).toEqual([`old-${CATALOG_PAGE}`]);
  });

  it('are those of the newest listing, from its beginning, when an older one is asked for', async () => {
    const pages = new CatalogPages(async () => ok(named('a', 3)));
    const { listing: old } = unwrap(await pages.page({ listing: null, from: 0 }));
    const { listing } = unwrap(await pages.page({ listing: null, from: 0 }));
    expect(unwrap(await pages.page({ listing: old, from: 2 }))).toMatchObject({
      listing,
      appliances: [{ id: 'a-0' }, { id: 'a-1' }, { id: 'a-2' }],
    });
  });

  it('fail as the list does', async () => {
    const pages = new CatalogPages(async () => err('closed', 'the catalog is closed'));
    expect(await pages.page({ listing: null, from: 0 })).toEqual(err('closed', 'the catalog is closed'));
  });
});
