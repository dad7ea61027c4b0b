import { describe, expect, it } from 'vitest';
import type { CatalogPage, CatalogPlace } from '../../shared/ipc/catalog.ts';
import { err, ok, type Result } from '../../shared/result.ts';
import { anAppliance } from '../testing/samples.ts';
import type { Client } from './client.ts';
import { loadCatalog } from './load-catalog.ts';

const page = (listing: number, total: number, ...ids: string[]) =>
  ok({ listing, total, appliances: ids.map((id) => anAppliance({ id })) });

/** Loads a catalog whose answers are given. @returns the ids it has, and what was asked for */
async function load(...answers: Result<CatalogPage>[]) {
  const asked: CatalogPlace[] = [];
  const request = (async (_name: string, place: CatalogPlace) => {
    asked.push(place);
    return answers[asked.length - 1] ?? err('closed', 'nobody answers any more');
  }) as unknown as Client['request'];
  const loaded = await loadCatalog(request);
  return { ids: loaded.ok ? loaded.value.map(({ id }) => id) : loaded.failure.message, asked };
}

describe('loading the catalog', () => {
  it('asks for page after page until all of it is there', async () => {
    const { ids, asked } = await load(page(7, 3, 'a', 'b'), page(7, 3, 'c'));
    expect(ids).toEqual(['a', 'b', 'c']);
    expect(asked).toEqual([
      { listing: null, from: 0 },
      { listing: 7, from: 2 },
    ]);
  });

  it('is done at once with an empty one', async () => {
    expect(await load(page(1, 0))).toEqual({ ids: [], asked: [{ listing: null, from: 0 }] });
  });

  it('begins anew where its listing has given way to another one', async () => {
    const { ids, asked } = await load(page(7, 3, 'a', 'b'), page(8, 3, 'x', 'y'), page(8, 3, 'z'));
    expect(ids).toEqual(['x', 'y', 'z']);
    expect(asked.at(-1)).toEqual({ listing: 8, from: 2 });
  });

  it('fails with the page that failed', async () => {
    expect((await load(page(7, 3, 'a'), err('io', 'the disk is gone'))).ids).toBe('the disk is gone');
  });
});
