/** The program ended before and after every transaction of what is done with feeds: the next start finds whole states. */
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { unwrap, type Result } from '../../shared/result.ts';
import type { BackEnd } from '../../main/app/back-end.ts';
import { aFeed, anEntry, newKey, NOW_MS, publish } from '../support/feeds.ts';
import { MachineRoom } from '../support/machine-room.ts';

class Killed extends Error {}

/** Lets the program take `lifetime` steps; it throws at the next one, and does nothing any more. */
function possess({ catalog }: BackEnd, lifetime: number): void {
  let steps = 0;
  const step = () => {
    if (steps >= lifetime) throw new Killed();
    steps++;
  };
  for (const name of ['change', 'note'] as const) {
    const work = catalog[name].bind(catalog);
    catalog[name] = (deed) => {
      step();
      const done = work(deed);
      step();
      return done;
    };
  }
}

const ENTRY = anEntry({ sources: ['https://example.org/master/'] });
const NEWER = { ...ENTRY, version: '2.0', master: { ...ENTRY.master, sha256: 'ee'.repeat(32) } };

async function furnish() {
  const room = new MachineRoom({ nowMs: () => NOW_MS });
  const key = newKey();
  const issue = (serial: number, entry = ENTRY) =>
    publish(path.join(room.folder, 'feed'), aFeed(key, { serial, appliances: [entry] }), key);
  const location = issue(7);
  const backEnd = await room.open();
  const { id } = unwrap(await backEnd.feeds.add({ location, key: key.publicText }));
  unwrap(await backEnd.appliances.install({ id: `${id}-tiny` }));
  await room.close();
  return { room, id, issue };
}

type Deed = (backEnd: BackEnd, id: string) => Promise<Result<unknown>>;

/** Ends the program at every step of a deed in turn. @returns what was found after each, and how many steps there were */
async function killEverywhere(deed: Deed) {
  const found: { serial: number; copy: boolean; masters: number }[][] = [];
  for (let lifetime = 0; ; lifetime++) {
    const { room, id, issue } = await furnish();
    room.news.length = 0;
    const mortal = await room.open();
    // What the start of the app tells is not what is looked at: the copies are read, a refresh begins, and has ended.
    const told = () => room.news.filter(({ name }) => name === 'feeds.changed').length;
    await expect.poll(told).toBe(3);
    issue(8, NEWER);
    possess(mortal, lifetime);
    const survived = await deed(mortal, id).then(
      (result) => result.ok,
      (error: unknown) => {
        if (error instanceof Killed) return false;
        throw error;
      },
    );
    await room.close();
    const next = await room.open();
    found.push(
      unwrap(
        next.catalog.read(({ feeds, masters }) =>
          feeds.list().map((row) => ({
            serial: row.serial,
            copy: feeds.copyOf(row.id) !== null,
            masters: masters.list().filter(({ published }) => published !== null).length,
          })),
        ),
      ),
    );
    expect(room.warnings).toEqual([]);
    await room.close();
    if (survived) return found;
  }
}

describe('a program that is killed at any step', () => {
  it('of a refresh has the copy of before or the new one, whole', async () => {
    const found = await killEverywhere((backEnd, id) => backEnd.feeds.refresh({ id }));
    for (const feeds of found) expect(feeds).toMatchObject([{ copy: true, masters: 1 }]);
    expect(found.at(-1)).toMatchObject([{ serial: 8 }]);
  });

  it('of an installation has the appliance with its master, in one version or the other', async () => {
    const found = await killEverywhere(({ appliances }, id) => appliances.install({ id: `${id}-tiny` }));
    expect(found.length).toBeGreaterThan(2);
    for (const feeds of found) expect(feeds).toMatchObject([{ copy: true, masters: 1 }]);
  });

  it('of removing a feed has all of it or nothing', async () => {
    const found = await killEverywhere(({ feeds }, id) => feeds.remove({ id }));
    expect(found.length).toBeGreaterThan(2);
    for (const feeds of found) expect(feeds.length === 0 || feeds[0]?.copy === true).toBe(true);
    expect(found.at(-1)).toEqual([]);
  });
});
