import { USUAL_HARDWARE } from '../../shared/hardware.ts';
import path from 'node:path';
import Sqlite from 'better-sqlite3';
import { describe, expect, it, onTestFinished } from 'vitest';
import { unwrap } from '../../shared/result.ts';
import { tempFolder } from '../../test/support/temp-folder.ts';
import { Catalog } from './catalog.ts';
import type { DiskRow } from './tables/disks.ts';
import { newMaster, type Master } from './tables/masters.ts';
import { newStream } from './tables/streams.ts';

function openCatalog(file = path.join(tempFolder(), 'catalog.db')): Catalog {
  const catalog = unwrap(Catalog.open(file, { nowMs: () => 1 }));
  onTestFinished(() => void catalog.close());
  return catalog;
}

const master = (id: string, parentId: string | null = null): Master =>
  newMaster({
    id,
    name: `Master ${id}`,
    source: 'file',
    location: `/masters/${id}.raw`,
    format: 'raw',
    lengthBytes: 1024,
    parentId,
    createdMs: 1,
  });

const disk = (id: string, over: Partial<DiskRow> = {}): DiskRow => ({
  id,
  machineId: null,
  masterId: null,
  kind: 'standalone',
  path: `/disks/${id}.qed`,
  lengthBytes: 1024,
  createdMs: 1,
  ...over,
});

const machine = (id: string, name = id) => ({
  id,
  name,
  applianceId: null,
  memoryMiB: 64,
  createdMs: 1,
  startedMs: null,
  instantStart: null,
  guest: { arch: 'i386' as const },
  hardware: USUAL_HARDWARE,
});

describe('the catalog', () => {
  it('changes everything or nothing', () => {
    const catalog = openCatalog();
    const changed = catalog.change(({ machines }) => {
      machines.add(machine('a', 'Same'));
      machines.add(machine('b', 'same'));
    });
    expect(changed).toMatchObject({ failure: { code: 'already-exists' } });
    expect(unwrap(catalog.read(({ machines }) => machines.list()))).toEqual([]);
  });

  it('undoes what was changed before a bug threw, and throws on', () => {
    const catalog = openCatalog();
    const bug = () =>
      catalog.change(({ machines }) => {
        machines.add(machine('a'));
        throw new TypeError('a bug');
      });
    expect(bug).toThrow('a bug');
    expect(unwrap(catalog.read(({ machines }) => machines.list()))).toEqual([]);
  });

  it('keeps what was stored when it is opened again', () => {
    const file = path.join(tempFolder(), 'catalog.db');
    const first = openCatalog(file);
    unwrap(
      first.change(({ masters, machines, disks, streams }) => {
        masters.add(master('m'));
        machines.add(machine('a'));
        disks.add(disk('d', { machineId: 'a', masterId: 'm' }));
        streams.put({ ...newStream('d', 'paused'), limit: 5, failure: { code: 'io', message: 'broken' } });
      }),
    );
    unwrap(first.close());
    const second = openCatalog(file);
    expect(unwrap(second.read(({ disks }) => disks.ofMachine('a')))).toEqual([
      disk('d', { machineId: 'a', masterId: 'm' }),
    ]);
    expect(unwrap(second.read(({ streams }) => streams.find('d')))).toEqual({
      diskId: 'd',
      wanted: 'paused',
      limit: 5,
      onError: 'enospc',
      priority: 'normal',
      failure: { code: 'io', message: 'broken' },
      completedMs: null,
    });
  });

  it('keeps what a publisher says of a master, and believes nothing else in its place', () => {
    const file = path.join(tempFolder(), 'catalog.db');
    const published: Master['published'] = {
      description: {
        formatVersion: 1,
        sha256: 'ab'.repeat(32),
        lengthBytes: 1024,
        chunkBytes: 65_536,
        chunks: { sha256: 'cd'.repeat(32), lengthBytes: 96 },
      },
      sources: ['https://one.example/', 'https://two.example/'],
    };
    const first = openCatalog(file);
    unwrap(first.change(({ masters }) => masters.add({ ...master('m'), published })));
    expect(unwrap(first.read(({ masters }) => masters.find('m')))).toMatchObject({ published });
    unwrap(first.close());
    const database = new Sqlite(file);
    database.exec(`UPDATE masters SET published = replace(published, 'abab', 'ABAB')`);
    database.close();
    expect(openCatalog(file).read(({ masters }) => masters.list())).toMatchObject({
      failure: { message: expect.stringContaining('a SHA-256 of 64 hexadecimal digits') as string },
    });
  });

  it('does not let go of a master that a disk lies on', () => {
    const catalog = openCatalog();
    unwrap(
      catalog.change(({ masters, disks }) => {
        masters.add(master('m'));
        disks.add(disk('d', { masterId: 'm' }));
      }),
    );
    expect(catalog.change(({ masters }) => masters.remove('m'))).toMatchObject({ ok: false });
  });

  it('names the machines that need a master, also through the snapshots between', () => {
    const catalog = openCatalog();
    unwrap(
      catalog.change(({ masters, machines, disks }) => {
        masters.add(master('base'));
        masters.add(master('snapshot', 'base'));
        machines.add(machine('a', 'Anna'));
        machines.add(machine('b', 'Bert'));
        disks.add(disk('1', { machineId: 'a', masterId: 'base' }));
        disks.add(disk('2', { machineId: 'b', masterId: 'snapshot' }));
      }),
    );
    const needed = (id: string) => unwrap(catalog.read(({ masters }) => masters.neededBy(id)));
    expect(needed('base')).toEqual(['Anna', 'Bert']);
    expect(needed('snapshot')).toEqual(['Bert']);
    const chain = unwrap(catalog.read(({ masters }) => masters.withParents('snapshot')));
    expect(chain.map(({ id }) => id)).toEqual(['snapshot', 'base']);
  });

  it('takes a row that lost its form for damage, not for data', () => {
    const file = path.join(tempFolder(), 'catalog.db');
    const first = openCatalog(file);
    unwrap(first.change(({ disks }) => disks.add(disk('d'))));
    unwrap(first.change(({ streams }) => streams.put(newStream('d', 'running'))));
    unwrap(first.close());
    const raw = new Sqlite(file);
    raw.prepare("UPDATE streams SET failure = 'no json'").run();
    raw.close();
    const read = openCatalog(file).read(({ streams }) => streams.list());
    expect(read).toMatchObject({
      failure: { code: 'malformed', message: expect.stringContaining(file) as string },
    });
  });

  it('takes what is noted, without a sync, and syncs changes again afterwards', () => {
    const catalog = openCatalog();
    unwrap(
      catalog.note(({ events }) =>
        events.add({ atMs: 1, level: 'info', kind: 'k', subject: 's', text: 'happened', told: null }),
      ),
    );
    expect(unwrap(catalog.read(({ events }) => events.latest(10)))).toHaveLength(1);
    expect(unwrap(catalog.read(({ events }) => events.has('k', 's')))).toBe(true);
  });

  it('fails what comes after its end, and can be closed twice', () => {
    const catalog = openCatalog();
    unwrap(catalog.close());
    unwrap(catalog.close());
    expect(catalog.read(({ machines }) => machines.list())).toMatchObject({ failure: { code: 'closed' } });
  });

  it('knows which passing files belong to a row', () => {
    const catalog = openCatalog();
    unwrap(
      catalog.change(({ passingFiles, disks }) => {
        passingFiles.add(['/disks/d.qed', '/disks/half.qed'], 'making', 1);
        disks.add(disk('d'));
      }),
    );
    const owned = unwrap(
      catalog.read(({ passingFiles }) =>
        passingFiles.list().map(({ path: file }) => passingFiles.isOwned(file)),
      ),
    );
    expect(owned).toEqual([true, false]);
  });
});
