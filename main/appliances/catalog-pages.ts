import {
  CATALOG_PAGE,
  type ApplianceView,
  type CatalogPage,
  type CatalogPlace,
} from '../../shared/ipc/catalog.ts';
import { ok, type Result } from '../../shared/result.ts';

/** Hands out the list of all appliances page by page: thousands of them in one message hold up whoever gets it. */
export class CatalogPages {
  readonly #list: () => Promise<Result<ApplianceView[]>>;
  /** The last one begun; its number tells it from those before. */
  #listing = { number: 0, appliances: [] as readonly ApplianceView[] };

  constructor(list: () => Promise<Result<ApplianceView[]>>) {
    this.#list = list;
  }

  /** Begins a new listing, or goes on with the last one. */
  async page({ listing, from }: CatalogPlace): Promise<Result<CatalogPage>> {
    if (listing === null) {
      const listed = await this.#list();
      if (!listed.ok) return listed;
      this.#listing = { number: this.#listing.number + 1, appliances: listed.value };
    }
    const { number, appliances } = this.#listing;
    const first = listing === number ? from : 0;
    return ok({
      listing: number,
      total: appliances.length,
      appliances: appliances.slice(first, first + CATALOG_PAGE),
    });
  }
}
