import path from 'node:path';
import fs from 'node:fs';
import { aFeed, anEntry, newKey, publish } from '../../support/feeds.ts';
import { FEED_LIMITS, type FeedAppliance } from '../../../shared/feed.ts';
import type { Children } from '../workshop/children.ts';
import { startServerProcess } from '../roles/range-server-process.ts';
import type { RunningApp } from './running-app.ts';

const ENTRIES = 5000;
const DAY_MS = 24 * 60 * 60 * 1000;

/** Feeds that list 5,000 appliances together, more than one may. */
export class LargeFeeds {
  readonly #root: string;
  readonly #keys = [newKey(), newKey()];
  readonly #ids: string[] = [];
  #serial = 0;

  /** @param root an empty folder */
  constructor(root: string) {
    this.#root = root;
    this.issue();
  }

  /** Signs a new issue of all of them, in which every entry is another. */
  issue(): void {
    this.#serial += 1;
    this.#keys.forEach((key, number) => {
      const first = number * FEED_LIMITS.appliances;
      const appliances = Array.from({ length: Math.min(FEED_LIMITS.appliances, ENTRIES - first) }, (_, at) =>
        entry(first + at, this.#serial),
      );
      const folder = path.join(this.#root, String(number));
      fs.mkdirSync(folder, { recursive: true });
      publish(
        folder,
        aFeed(key, {
          feedId: `org.example.large-${number}`,
          name: `Large ${number}`,
          serial: this.#serial,
          issued: new Date(Date.now() - DAY_MS).toISOString(),
          expires: new Date(Date.now() + DAY_MS).toISOString(),
          appliances,
        }),
        key,
      );
    });
  }

  /** Subscribes the app to all of them, which stay served while `use` runs. */
  async whileServed<T>(children: Children, app: RunningApp, use: () => Promise<T>): Promise<T> {
    const server = await startServerProcess(children, this.#root, null);
    try {
      for (const [number, key] of this.#keys.entries()) {
        const location = `${server.url}${number}/feed.json`;
        const { id } = (await app.request('feeds.add', { location, key: key.publicText })) as { id: string };
        this.#ids.push(id);
      }
      return await use();
    } finally {
      await server.stop();
    }
  }

  async refresh(app: RunningApp): Promise<void> {
    for (const id of this.#ids) await app.request('feeds.refresh', { id });
  }
}

/** As long as entries of real feeds are, but for their icons. */
function entry(number: number, serial: number): FeedAppliance {
  return anEntry({
    id: `appliance-${number}`,
    name: `Appliance ${number}`,
    summary: `A small system for one purpose, number ${number} of many, which does what it says.`,
    version: `1.${serial}`,
    tags: ['server', 'example', `group-${number % 50}`],
  });
}
