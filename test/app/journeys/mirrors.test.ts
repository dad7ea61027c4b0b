/** A disk whose master lies in two places, one of which lies and the other goes away: its page tells of both. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test, type Locator } from '@playwright/test';
import { MIB } from '../../../shared/units.ts';
import { aFeed, anEntry, DAY_MS, newKey, publish } from '../../support/feeds.ts';
import { writeRaw } from '../../support/image-files.ts';
import { publishInMemory } from '../../support/memory-master.ts';
import { spoil } from '../../support/published-master.ts';
import { FarMaster } from '../support/far-master.ts';
import { createOnly } from './catalog.ts';
import { Desk } from './desk.ts';
import { addFeed } from './feeds.ts';

const NAME = 'From two places';
const DISK_BYTES = 64 * MIB;
/** So slow that the disk does not come to its end before the journey has. */
const LINE = '4mbit,20ms';

test.describe.serial('the sources of a disk', () => {
  let desk: Desk;
  let liar: FarMaster;
  let honest: FarMaster;
  const table = (): Locator => desk.main.getByRole('region', { name: 'Where it comes from' });
  const row = ({ url }: FarMaster): Locator =>
    table()
      .getByRole('row')
      .filter({ hasText: new URL(url).host });

  test.beforeAll(async () => {
    desk = new Desk('mirrors');
    const site = desk.home.newFolder('published');
    const content = writeRaw(path.join(site, 'disk.raw'), DISK_BYTES);
    const { description, files } = await publishInMemory(content);
    const folders = ['liar', 'honest'].map((name) => path.join(site, name));
    for (const folder of folders) {
      mkdirSync(folder);
      for (const [file, bytes] of Object.entries(files)) writeFileSync(path.join(folder, file), bytes);
    }
    const [liesIn = '', honestIn = ''] = folders;
    // The hashes are right, every chunk of the disk is wrong.
    spoil(liesIn, 0, DISK_BYTES);
    liar = await FarMaster.serve(liesIn, LINE);
    honest = await FarMaster.serve(honestIn, LINE);
    const key = newKey();
    const now = Date.now();
    const entry = anEntry({
      name: NAME,
      diskSizeBytes: DISK_BYTES,
      master: description,
      sources: [liar.url, honest.url],
    });
    const feed = aFeed(key, {
      issued: new Date(now - DAY_MS).toISOString(),
      expires: new Date(now + DAY_MS).toISOString(),
      appliances: [entry],
    });
    publish(honestIn, feed, key);
    await desk.open();
    await addFeed(desk, `${honest.url}feed.json`);
    await desk.goTo('Catalog');
    await createOnly(desk, NAME, 'Mirrored');
    await desk.goTo('Machines');
    await desk.main.getByRole('link', { name: 'Mirrored' }).first().click();
  });
  test.afterAll(async () => {
    await desk.leave();
    await liar.close();
    await honest.close();
  });

  test('are shown with what each does', async () => {
    await desk.step('One lies, the other brings it all', async () => {
      await expect(row(liar)).toContainText(/Wrong bytes.*\d+ wrong answers?/);
      await expect(row(honest)).toContainText('asked now');
      await expect(row(honest)).toContainText(/Answers.*\d\sms.*(B|bit)\/s.*MiB/u);
    });
    expect(desk.home.log).not.toContain('bug');
  });

  test('are shown when the last honest one goes away, and when it returns', async () => {
    await honest.close();
    await desk.step('Nobody is left', async () => {
      await expect(row(honest)).toContainText(/Not reachable.*for \d+\ssec/);
      await expect(row(liar)).toContainText('Wrong bytes');
    });
    await honest.moveTo(LINE);
    await desk.step('It is back', async () => {
      await desk.main.getByRole('button', { name: 'Try now' }).click();
      await expect(row(honest)).toContainText('Answers');
      await expect(row(honest)).not.toContainText('Not reachable');
    });
  });
});
