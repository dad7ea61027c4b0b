import fs from 'node:fs';
import { describe, expect, it, vi } from 'vitest';
import type { DiskView } from '../../../shared/ipc/machines.ts';
import { ok, unwrap, type Result } from '../../../shared/result.ts';
import { KIB, MIB } from '../../../shared/units.ts';
import { FetchLedger } from '../../../test/support/fetch-ledger.ts';
import { MachineRoom, RECIPE_BYTES, type BackEnd } from '../../../test/support/machine-room.ts';
import { asGuest, diskIs, onlyDisk, PATIENCE } from '../../../test/support/machine-watch.ts';
import { serve } from '../../../test/support/served.ts';
import { BlockPortClient } from '../../storage/block-port/client.ts';
import { DiskThread } from '../../storage/disk/disk-thread.ts';
import type { OpenDisk } from '../../disks/opened-disk.ts';

/** A limit at which a copy is not complete before the test is over, in bytes per second. */
const CRAWL = 64 * KIB;

/** A master at the other end of a line, with who asked for what. */
async function farMaster({ limit = 0, ...over }: { limit?: number; openDisk?: OpenDisk } = {}) {
  const room = new MachineRoom(over);
  const ledger = new FetchLedger(RECIPE_BYTES);
  const far = await serve(room.masterPath, { onRequest: ledger.note });
  const backEnd = await room.open();
  unwrap(await backEnd.preferences.set({ globalLimit: limit }));
  const master = unwrap(await backEnd.masters.add({ source: 'http', name: 'Far', url: far.url }));
  const link = async (name: string, start = false, over = backEnd) =>
    unwrap(await over.machines.create({ applianceId: master.id, name, kind: 'linked', start }));
  return { room, ledger, far, backEnd, master, link };
}

async function copies({ disks }: BackEnd): Promise<DiskView[]> {
  return unwrap(await disks.list()).filter(({ copy }) => copy !== null);
}

/** Waits until the only copy looks as wanted. */
function copyIs(backEnd: BackEnd, wanted: Partial<DiskView>): Promise<DiskView> {
  return vi.waitFor(async () => {
    const [copy, ...others] = await copies(backEnd);
    expect(others).toEqual([]);
    expect(copy).toMatchObject(wanted);
    return copy as DiskView;
  }, PATIENCE);
}

const content = (offset: number, length: number) =>
  new Uint8Array(length).fill(offset < RECIPE_BYTES / 4 ? 0 : 7);

const read =
  (offset: number, length = 4 * KIB) =>
  (guest: BlockPortClient) =>
    guest.readOwned(offset, length);

describe('linked machines of a master that is far away', () => {
  it('lie on one copy of it, which the first of them makes and which says who needs it', async () => {
    const { room, backEnd, master, link } = await farMaster({ limit: CRAWL });
    const [one, other] = [await link('One'), await link('Two')];
    const copy = await copyIs(backEnd, {
      copy: { name: 'Far', users: ['One', 'Two'] },
      masterId: master.id,
      state: 'streaming',
    });
    expect(copy).toMatchObject({ machineId: null, kind: 'standalone' });
    for (const { disks } of [one, other]) {
      expect(disks).toMatchObject([{ kind: 'linked', state: 'not-started', masterId: copy.id }]);
    }
    expect(room.images()).toHaveLength(3);
    expect(unwrap(await backEnd.masters.list()).find(({ id }) => id === copy.id)).toMatchObject({
      role: 'copy',
      name: 'Far',
      neededBy: ['One', 'Two'],
    });
  });

  it('make one copy also when they are made at the same time', async () => {
    const { backEnd, link } = await farMaster({ limit: CRAWL });
    await Promise.all(['One', 'Two', 'Three'].map((name) => link(name)));
    await copyIs(backEnd, { copy: { name: 'Far', users: ['One', 'Three', 'Two'] } });
  });

  it('read through it, and what any of them reads is fetched once and kept there', async () => {
    const { backEnd, ledger, link } = await farMaster({ limit: CRAWL });
    const [one, other] = [onlyDisk(await link('One')), onlyDisk(await link('Two'))];
    for (const { id } of [one, other]) {
      expect(await asGuest(backEnd, id, read(3 * MIB))).toEqual(ok(content(3 * MIB, 4 * KIB)));
    }
    expect(ledger.sentAgain).toBeNull();
    expect(backEnd.disks.view(one.id)).toMatchObject({ localBytes: 0 });
  });

  it('need the network no longer once it is complete, nor the master', async () => {
    const { room, backEnd, far, ledger, master, link } = await farMaster();
    const { id } = onlyDisk(await link('One'));
    await copyIs(backEnd, { state: 'complete', masterId: null });
    expect(room.notices).toContain('The local copy of Far is complete: its disk needs no network any more.');
    expect(ledger.sentAgain).toBeNull();
    unwrap(await backEnd.masters.remove({ id: master.id }));
    await far.drop();
    const whole = await asGuest(backEnd, id, (guest) => guest.readOwned(0, RECIPE_BYTES));
    expect(Buffer.compare(unwrap(whole), fs.readFileSync(room.masterPath))).toBe(0);
  });

  it('can be made from the complete copy while the master is away', async () => {
    const { backEnd, far, link } = await farMaster();
    await link('One');
    await copyIs(backEnd, { state: 'complete' });
    await far.drop();
    const { id } = onlyDisk(await link('Two'));
    expect(await asGuest(backEnd, id, read(2 * MIB))).toEqual(ok(content(2 * MIB, 4 * KIB)));
    await copyIs(backEnd, { copy: { name: 'Far', users: ['One', 'Two'] } });
  });

  it('start from what the copy has while the master is away, and wait for the rest', async () => {
    const { room, backEnd, far, link } = await farMaster({ limit: CRAWL });
    const { id } = onlyDisk(await link('One'));
    unwrap(await asGuest(backEnd, id, read(3 * MIB)));
    await room.close();
    await far.drop();
    const again = await room.open();
    expect(await asGuest(again, id, read(3 * MIB))).toEqual(ok(content(3 * MIB, 4 * KIB)));
    const waiting = asGuest(again, id, read(2 * MIB));
    await copyIs(again, { state: 'waiting-for-source', waitingReads: 1 });
    unwrap(await far.restore());
    unwrap(await again.disks.stream({ id: (await copyIs(again, {})).id, command: 'retry-now' }));
    expect(await waiting).toEqual(ok(content(2 * MIB, 4 * KIB)));
  });

  it('are duplicated onto the same copy', async () => {
    const { backEnd, link } = await farMaster({ limit: CRAWL });
    const one = await link('One');
    await asGuest(backEnd, onlyDisk(one).id, (guest) => guest.write(MIB, new Uint8Array(512).fill(1)));
    const twin = unwrap(await backEnd.machines.duplicate({ id: one.id }));
    expect(onlyDisk(twin)).toMatchObject({ kind: 'linked' });
    await copyIs(backEnd, { copy: { name: 'Far', users: ['One', 'One 2'] } });
    expect(await asGuest(backEnd, onlyDisk(twin).id, read(MIB, 512))).toEqual(
      ok(new Uint8Array(512).fill(1)),
    );
    expect(await asGuest(backEnd, onlyDisk(twin).id, read(3 * MIB))).toEqual(ok(content(3 * MIB, 4 * KIB)));
  });

  it('go on over another thread when that of the copy dies', async () => {
    const opened: { path: string; disk: DiskThread }[] = [];
    const openDisk: OpenDisk = async (spec, listen) => {
      const disk = await DiskThread.open(spec, listen);
      if (disk.ok) opened.push({ path: spec.chain.location, disk: disk.value });
      return disk;
    };
    const { backEnd, link } = await farMaster({ limit: CRAWL, openDisk });
    const { id } = onlyDisk(await link('One'));
    const copy = await copyIs(backEnd, { state: 'streaming' });
    await asGuest(backEnd, id, async (guest) => {
      unwrap(await guest.readOwned(3 * MIB, 512));
      const threads = () => opened.filter(({ path }) => path === copy.path);
      // Nonsense ends the thread; what it had not answered yet is asked again.
      void threads()[0]?.disk.startStream(null as unknown as Parameters<DiskThread['startStream']>[0]);
      expect(await guest.readOwned(2 * MIB, 512)).toEqual(ok(content(2 * MIB, 512)));
      expect(threads()).toHaveLength(2);
    });
    await copyIs(backEnd, { state: 'streaming' });
  });
});

describe('a linked machine that is made standalone', () => {
  it('waits for the copy, which goes on for it, then copies from it by its own job', async () => {
    const { backEnd, far, ledger, link } = await farMaster({ limit: CRAWL });
    const machine = await link('One');
    const { id } = onlyDisk(machine);
    const copy = await copyIs(backEnd, { state: 'streaming' });
    unwrap(await backEnd.disks.stream({ id: copy.id, command: 'pause' }));
    unwrap(await backEnd.disks.stream({ id, command: 'start' }));
    await diskIs(backEnd, machine.id, { kind: 'standalone', state: 'paused', heldBy: 'copy' });
    await copyIs(backEnd, { state: 'streaming' });
    unwrap(await backEnd.preferences.set({ globalLimit: 0 }));
    await copyIs(backEnd, { state: 'complete' });
    await far.drop();
    await diskIs(backEnd, machine.id, { state: 'complete', masterId: null });
    await copyIs(backEnd, { copy: { name: 'Far', users: [] } });
    expect(ledger.sentAgain).toBeNull();
  });

  it('goes on while it runs', async () => {
    const { backEnd, link } = await farMaster({ limit: CRAWL });
    const machine = await link('One');
    const { id } = onlyDisk(machine);
    await asGuest(backEnd, id, async (guest) => {
      unwrap(await guest.write(MIB, new Uint8Array(512).fill(1)));
      unwrap(await backEnd.disks.stream({ id, command: 'start' }));
      unwrap(await backEnd.preferences.set({ globalLimit: 0 }));
      await diskIs(backEnd, machine.id, { state: 'complete' });
      expect(await guest.readOwned(MIB, 512)).toEqual(ok(new Uint8Array(512).fill(1)));
      expect(await guest.readOwned(3 * MIB, 512)).toEqual(ok(content(3 * MIB, 512)));
    });
  });
});

describe('a copy that nobody uses', () => {
  it('rests, and goes on when it is used again', async () => {
    const { backEnd, link } = await farMaster({ limit: CRAWL });
    const { id } = await link('One');
    await copyIs(backEnd, { state: 'streaming' });
    unwrap(await backEnd.machines.remove({ id }));
    await copyIs(backEnd, { state: 'paused', copy: { name: 'Far', users: [] } });
    await link('Two');
    await copyIs(backEnd, { state: 'streaming', copy: { name: 'Far', users: ['Two'] } });
  });

  it('can be removed, not before, and its master after it', async () => {
    const { room, backEnd, master, link } = await farMaster({ limit: CRAWL });
    const machine = await link('One');
    const copy = await copyIs(backEnd, {});
    const refused = await backEnd.masters.remove({ id: copy.id });
    expect(refused).toMatchObject({
      failure: { code: 'busy', message: expect.stringContaining('One') as string },
    });
    unwrap(await backEnd.machines.remove({ id: machine.id }));
    const needed = await backEnd.masters.remove({ id: master.id });
    expect(needed).toMatchObject({
      failure: { code: 'busy', message: expect.stringContaining('local copy') as string },
    });
    unwrap(await backEnd.masters.remove({ id: copy.id }));
    expect(await copies(backEnd)).toEqual([]);
    expect(room.images()).toEqual([]);
    unwrap(await backEnd.masters.remove({ id: master.id }));
  });

  it('goes by itself where the user wants that, with the machine or when the wish is made', async () => {
    const { room, backEnd, link } = await farMaster({ limit: CRAWL });
    const one = await link('One');
    unwrap(await backEnd.machines.remove({ id: one.id }));
    await copyIs(backEnd, { copy: { name: 'Far', users: [] } });
    unwrap(await backEnd.preferences.set({ removeUnusedCopies: true }));
    await vi.waitFor(() => expect(room.images()).toEqual([]), PATIENCE);
    const two = await link('Two');
    unwrap(await backEnd.machines.remove({ id: two.id }));
    await vi.waitFor(() => expect(room.images()).toEqual([]), PATIENCE);
    expect(await copies(backEnd)).toEqual([]);
    expect(room.warnings).toEqual([]);
  });
});

describe('a copy that is used', () => {
  it('is neither checked nor moved while machines on it run', async () => {
    const { backEnd, link, room } = await farMaster({ limit: CRAWL });
    const { id } = onlyDisk(await link('One'));
    const copy = await copyIs(backEnd, {});
    const busy = { failure: { code: 'busy' } };
    await asGuest(backEnd, id, async () => {
      expect(await backEnd.disks.check({ id: copy.id, repair: 'none' })).toMatchObject(busy);
      expect(await backEnd.disks.moveStorage(`${room.folder}/other`)).toMatchObject(busy);
    });
    unwrap(await backEnd.disks.check({ id: copy.id, repair: 'none' }));
  });

  it('moves with the storage, and what lies on it finds it there', async () => {
    const { room, backEnd, link } = await farMaster({ limit: CRAWL });
    const { id } = onlyDisk(await link('One'));
    const other = `${room.folder}/other`;
    const moved: Result<unknown> = await backEnd.preferences.set({ storageFolder: other });
    unwrap(moved);
    expect(room.images(other)).toHaveLength(2);
    expect(await asGuest(backEnd, id, read(3 * MIB))).toEqual(ok(content(3 * MIB, 4 * KIB)));
    await copyIs(backEnd, { state: 'streaming' });
  });

  it('is found again where it was moved to by hand', async () => {
    const { room, backEnd, link } = await farMaster({ limit: CRAWL });
    const { id } = onlyDisk(await link('One'));
    unwrap(await backEnd.preferences.set({ storageFolder: `${room.folder}/other` }));
    const copy = await copyIs(backEnd, {});
    await room.close();
    fs.renameSync(copy.path, copy.path.replace(`${room.folder}/other`, room.disksFolder));
    const again = await room.open();
    expect(await asGuest(again, id, read(3 * MIB))).toEqual(ok(content(3 * MIB, 4 * KIB)));
  });

  it('is written down with its machine or not at all', async () => {
    const { room, master } = await farMaster({ limit: CRAWL });
    await room.close();
    fs.writeFileSync(room.disksFolder, 'not a folder');
    const again = await room.open();
    const refused = await again.machines.create({ applianceId: master.id, kind: 'linked', start: false });
    expect(refused.ok).toBe(false);
    expect(await copies(again)).toEqual([]);
    expect(unwrap(await again.machines.list())).toEqual([]);
    expect(unwrap(again.catalog.read(({ passingFiles }) => passingFiles.list()))).toEqual([]);
  });
});
