import path from 'node:path';
import { expect } from '@playwright/test';
import { startRangeServer } from '../../main/serve/range-server.ts';
import { systemClock } from '../../shared/clock.ts';
import { unwrap } from '../../shared/result.ts';
import { aFeed, DAY_MS, newKey, publish } from '../support/feeds.ts';
import { test } from './support/app.ts';

/** Electron's cryptography is not Node's: a signature that the command verifies need not be one that the app can. */
test('a signed feed is subscribed to, and what it lists is in the catalog', async ({ home, product }) => {
  const key = newKey();
  const nowMs = Date.now();
  const issued = { issued: new Date(nowMs).toISOString(), expires: new Date(nowMs + DAY_MS).toISOString() };
  const file = publish(home.newFolder('published'), aFeed(key, issued), key);
  const server = unwrap(await startRangeServer({ root: path.dirname(file), clock: systemClock }));
  try {
    const page = await product.firstWindow();
    const feed = { location: `${server.url}feed.json`, key: key.publicText };
    const added = await page.evaluate((given) => window.headwater.request('feeds.add', given), feed);
    expect(added).toMatchObject({ ok: true, value: { name: 'Example appliances', appliances: 1 } });
    await expect(page.getByRole('button', { name: 'Start Tiny', exact: true })).toBeVisible();
  } finally {
    await server.close();
  }
});
