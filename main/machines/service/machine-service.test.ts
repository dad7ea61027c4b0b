import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import type { DiskView } from '../../../shared/ipc/machines.ts';
import { err, unwrap } from '../../../shared/result.ts';
import { KIB, MIB } from '../../../shared/units.ts';
import { MachineRoom, RECIPE, RECIPE_BYTES } from '../../../test/support/machine-room.ts';
import { asGuest, diskIs, machineOf, onlyDisk, PATIENCE } from '../../../test/support/machine-watch.ts';
import { serve } from '../../../test/support/served.ts';

describe('a machine', () => {
  it('is made with a small overlay over its master, and named after its appliance', async () => {
    const room = new MachineRoom();
    const backEnd = await room.open();
    const first = await room.create();
    expect(first).toMatchObject({ name: 'Tiny', state: 'off', memoryMiB: 32, loginHint: 'Just come in.' });
    expect(onlyDisk(first)).toMatchObject({
      kind: 'standalone',
      lengthBytes: RECIPE_BYTES,
      masterName: 'Tiny 1',
    });
    expect((await room.create()).name).toBe('Tiny 2');
    expect(unwrap(await backEnd.machines.list())).toHaveLength(2);
    expect(room.images()).toHaveLength(2);
  });

  it('keeps a name that was typed, and is refused when it is taken', async () => {
    const room = new MachineRoom();
    const { machines } = await room.open();
    await room.create({ name: 'Mine' });
    const taken = await machines.create({ applianceId: RECIPE, name: 'mine', start: false });
    expect(taken).toMatchObject({ failure: { code: 'already-exists' } });
    expect(room.images()).toHaveLength(1);
  });

  it('is not made from an appliance that is gone', async () => {
    const { machines } = await new MachineRoom().open();
    expect(await machines.create({ applianceId: 'other', start: false })).toMatchObject({
      failure: { code: 'not-found' },
    });
  });

  it('starts with its creation where that is asked for; the answer does not wait for it', async () => {
    const room = new MachineRoom();
    const backEnd = await room.open();
    const { id } = await room.create({ start: true });
    await vi.waitFor(() => expect(room.machines.get(id)?.state.kind).toBe('running'), PATIENCE);
    expect(await machineOf(backEnd, id)).toMatchObject({ state: 'running' });
    expect(backEnd.machines.runningCount).toBe(1);
  });

  it('obeys commands, and says why where it cannot', async () => {
    const room = new MachineRoom();
    const backEnd = await room.open();
    const { id } = await room.create();
    const say = (command: 'start' | 'pause' | 'resume' | 'stop') => backEnd.machines.command({ id, command });
    expect(await say('pause')).toMatchObject({
      failure: { code: 'invalid-argument', message: 'Tiny is off' },
    });
    unwrap(await say('start'));
    expect(await say('start')).toMatchObject({ failure: { code: 'busy' } });
    unwrap(await say('pause'));
    expect(await machineOf(backEnd, id)).toMatchObject({ state: 'paused' });
    unwrap(await say('resume'));
    unwrap(await say('stop'));
    expect(await machineOf(backEnd, id)).toMatchObject({ state: 'off' });
    unwrap(await say('start'));
  });

  it('that fails says so until it is started again, and gives its disk back', async () => {
    const room = new MachineRoom();
    const backEnd = await room.open();
    const { id } = await room.create();
    unwrap(await backEnd.machines.command({ id, command: 'start' }));
    room.machines.get(id)?.enter({ kind: 'failed', failure: { code: 'io', message: 'it broke' } });
    await vi.waitFor(async () => {
      expect(await machineOf(backEnd, id)).toMatchObject({
        state: 'failed',
        failure: { message: 'it broke' },
      });
    }, PATIENCE);
    expect(room.notices).toContain('Tiny stopped: it broke');
    unwrap(await backEnd.machines.command({ id, command: 'start' }));
    expect(await machineOf(backEnd, id)).toMatchObject({ state: 'running', failure: null });
  });

  it('that cannot be started says why', async () => {
    const room = new MachineRoom({ makeMachine: () => err('not-found', 'no firmware') });
    const backEnd = await room.open();
    const { id } = await room.create();
    expect(await backEnd.machines.command({ id, command: 'start' })).toMatchObject({ ok: false });
    expect(await machineOf(backEnd, id)).toMatchObject({
      state: 'failed',
      failure: { message: 'no firmware' },
    });
  });

  it('can be renamed and given other memory', async () => {
    const room = new MachineRoom();
    const backEnd = await room.open();
    const { id } = await room.create();
    await room.create({ name: 'Other' });
    unwrap(await backEnd.machines.rename({ id, name: 'TINY' }));
    unwrap(await backEnd.machines.setMemory({ id, memoryMiB: 128 }));
    expect(await machineOf(backEnd, id)).toMatchObject({ name: 'TINY', memoryMiB: 128 });
    expect(await backEnd.machines.rename({ id, name: 'other' })).toMatchObject({
      failure: { code: 'already-exists' },
    });
  });

  it('is removed with its disk, and tells how much became free; not while it is on', async () => {
    const room = new MachineRoom();
    const backEnd = await room.open();
    const { id } = await room.create();
    unwrap(await backEnd.machines.command({ id, command: 'start' }));
    expect(await backEnd.machines.remove({ id })).toMatchObject({ failure: { code: 'busy' } });
    unwrap(await backEnd.machines.command({ id, command: 'stop' }));
    const { freedBytes } = unwrap(await backEnd.machines.remove({ id }));
    expect(freedBytes).toBeGreaterThan(0);
    expect(room.images()).toEqual([]);
    expect(unwrap(await backEnd.machines.list())).toEqual([]);
    expect(room.news).toContainEqual({ name: 'machine.removed', payload: { id } });
  });

  it('is powered off when the program closes', async () => {
    const room = new MachineRoom();
    const { machines } = await room.open();
    const { id } = await room.create();
    unwrap(await machines.command({ id, command: 'start' }));
    await room.close();
    expect(room.machines.get(id)?.state.kind).toBe('stopped');
    expect(room.warnings).toEqual([]);
  });
});

describe('the disk of a machine', () => {
  it('streams by itself until it is complete, which is told once, and then needs no master', async () => {
    const room = new MachineRoom();
    const backEnd = await room.open();
    const { id } = await room.create();
    const disk = await diskIs(backEnd, id, { state: 'complete', localBytes: RECIPE_BYTES, masterId: null });
    expect(room.notices.filter((text) => text.includes('complete'))).toHaveLength(1);
    fs.rmSync(room.masterPath);
    const bytes = await asGuest(backEnd, disk.id, async (client) =>
      unwrap(await client.readOwned(2 * MIB, 16)),
    );
    expect([...bytes]).toEqual(Array(16).fill(7));
    await room.close();
    const again = await room.open();
    await diskIs(again, id, { state: 'complete' });
    expect(room.notices.filter((text) => text.includes('complete'))).toHaveLength(1);
  });

  it('stays paused when it was paused, also over a restart, and goes on when it is resumed', async () => {
    const room = new MachineRoom();
    const far = await serve(room.masterPath);
    const first = await room.open();
    unwrap(await first.preferences.set({ globalLimit: 256 * KIB }));
    const master = unwrap(await first.masters.add({ source: 'http', name: 'Far', url: far.url }));
    const { id } = unwrap(await first.machines.create({ applianceId: master.id, start: false }));
    const disk = await diskIs(first, id, { state: 'streaming' });
    unwrap(await first.disks.stream({ id: disk.id, command: 'pause' }));
    await diskIs(first, id, { state: 'paused', rate: 0 });
    await room.close();
    const second = await room.open();
    await diskIs(second, id, { state: 'paused' });
    unwrap(await second.preferences.set({ globalLimit: 0 }));
    unwrap(await second.disks.stream({ id: disk.id, command: 'resume' }));
    await diskIs(second, id, { state: 'complete' });
  });

  it('obeys a new limit within a second, and the schedule that sets it', async () => {
    const room = new MachineRoom();
    const far = await serve(room.masterPath);
    const backEnd = await room.open();
    unwrap(
      await backEnd.preferences.set({
        schedule: [{ days: [0, 1, 2, 3, 4, 5, 6], from: 0, to: 0, limit: 64 * KIB }],
      }),
    );
    const master = unwrap(await backEnd.masters.add({ source: 'http', name: 'Far', url: far.url }));
    const { id } = unwrap(await backEnd.machines.create({ applianceId: master.id, start: false }));
    await diskIs(backEnd, id, { state: 'streaming' });
    unwrap(await backEnd.preferences.set({ schedule: [] }));
    await diskIs(backEnd, id, { state: 'complete' });
  });

  it('fetches only what the guest reads on a metered line', async () => {
    const room = new MachineRoom();
    const far = await serve(room.masterPath);
    const backEnd = await room.open();
    unwrap(await backEnd.preferences.set({ metered: true }));
    const master = unwrap(await backEnd.masters.add({ source: 'http', name: 'Far', url: far.url }));
    const { id } = unwrap(await backEnd.machines.create({ applianceId: master.id, start: true }));
    const disk = await diskIs(backEnd, id, { state: 'paused' });
    expect(disk.localBytes ?? 0).toBe(0);
    unwrap(await backEnd.preferences.set({ metered: false }));
    await diskIs(backEnd, id, { state: 'complete' });
  });

  it('waits for a source that is gone, starts from what is local, and goes on when it is back', async () => {
    const room = new MachineRoom();
    const far = await serve(room.masterPath);
    const backEnd = await room.open();
    const master = unwrap(await backEnd.masters.add({ source: 'http', name: 'Far', url: far.url }));
    await far.drop();
    const { id } = unwrap(await backEnd.machines.create({ applianceId: master.id, start: true }));
    const disk = await diskIs(backEnd, id, { state: 'waiting-for-source' });
    expect(disk.failure?.code).toBe('source-unreachable');
    expect(await machineOf(backEnd, id)).toMatchObject({ state: 'running' });
    unwrap(await far.restore());
    unwrap(await backEnd.disks.stream({ id: disk.id, command: 'retry-now' }));
    await diskIs(backEnd, id, { state: 'complete', failure: null });
  });

  it('is not mixed with a master that was replaced while the program was not running', async () => {
    const room = new MachineRoom();
    const first = await room.open();
    unwrap(await first.preferences.set({ globalLimit: 64 * KIB }));
    const { id } = await room.create();
    await room.close();
    fs.writeFileSync(room.masterPath, Buffer.alloc(RECIPE_BYTES, 9));
    const second = await room.open();
    const disk = await diskIs(second, id, { state: 'source-changed' });
    expect(disk.failure?.message).toContain(room.masterPath);
  });

  it('says that it is missing, and starts again when it is back', async () => {
    const room = new MachineRoom();
    await room.open();
    const { id, ...machine } = await room.create({ kind: 'linked' });
    const { path: file } = onlyDisk({ id, ...machine });
    await room.close();
    fs.renameSync(file, `${room.folder}/elsewhere`);
    const backEnd = await room.open();
    const disk = await diskIs(backEnd, id, { state: 'failed' });
    expect(disk.failure?.message).toContain('is missing');
    expect(room.notices.filter((text) => text.includes('is missing'))).toHaveLength(1);
    expect(await backEnd.machines.command({ id, command: 'start' })).toMatchObject({
      failure: { code: 'not-found' },
    });
    fs.renameSync(`${room.folder}/elsewhere`, file);
    unwrap(await backEnd.machines.command({ id, command: 'start' }));
  });
});

describe('a linked disk', () => {
  it('stays thin, and becomes standalone when it is asked to', async () => {
    const room = new MachineRoom();
    const backEnd = await room.open();
    const { id } = await room.create({ kind: 'linked' });
    const disk = await diskIs(backEnd, id, { state: 'not-started', localBytes: 0 });
    unwrap(await backEnd.disks.stream({ id: disk.id, command: 'start' }));
    await diskIs(backEnd, id, { state: 'complete', kind: 'standalone' });
  });
});

describe('a duplicate', () => {
  it('has what the machine had, and each goes its own way afterwards', async () => {
    const room = new MachineRoom();
    const backEnd = await room.open();
    const { id } = await room.create();
    const disk = await diskIs(backEnd, id, { state: 'complete' });
    await asGuest(backEnd, disk.id, async (client) => unwrap(await client.write(0, new Uint8Array([1]))));
    const copy = unwrap(await backEnd.machines.duplicate({ id }));
    expect(copy.name).toBe('Tiny 2');
    const copyDisk = onlyDisk(copy);
    expect(copyDisk).toMatchObject({ kind: 'linked', state: 'not-started' });
    expect(copyDisk.path).not.toBe(disk.path);
    await asGuest(backEnd, copyDisk.id, async (client) => unwrap(await client.write(1, new Uint8Array([2]))));
    const first = await asGuest(backEnd, disk.id, async (client) => unwrap(await client.readOwned(0, 2)));
    const second = await asGuest(backEnd, copyDisk.id, async (client) =>
      unwrap(await client.readOwned(0, 2)),
    );
    expect([[...first], [...second]]).toEqual([
      [1, 0],
      [1, 2],
    ]);
  });

  it('of a disk that is not complete goes on streaming by itself', async () => {
    const room = new MachineRoom();
    const far = await serve(room.masterPath);
    const backEnd = await room.open();
    unwrap(await backEnd.preferences.set({ globalLimit: 64 * KIB }));
    const master = unwrap(await backEnd.masters.add({ source: 'http', name: 'Far', url: far.url }));
    const { id } = unwrap(await backEnd.machines.create({ applianceId: master.id, start: false }));
    await diskIs(backEnd, id, { state: 'streaming' });
    const copy = unwrap(await backEnd.machines.duplicate({ id }));
    unwrap(await backEnd.preferences.set({ globalLimit: 0 }));
    await diskIs(backEnd, copy.id, { state: 'complete' });
    await diskIs(backEnd, id, { state: 'complete' });
    // Nothing lies on the snapshot any more.
    await vi.waitFor(() => expect(room.images()).toHaveLength(2), PATIENCE);
    const known = unwrap(await backEnd.masters.list());
    expect(known.filter(({ name }) => name.startsWith('Far,'))).toEqual([]);
  });

  it('leaves nobody thinking that the new image of the original is complete', async () => {
    const room = new MachineRoom();
    const backEnd = await room.open();
    const { id } = await room.create();
    await diskIs(backEnd, id, { state: 'complete' });
    const before = room.news.length;
    unwrap(await backEnd.machines.duplicate({ id }));
    await diskIs(backEnd, id, { state: 'not-started', kind: 'linked', localBytes: 0 });
    const told = room.news.slice(before).flatMap(({ name, payload }) => {
      if (name !== 'disk.changed') return [];
      const disk = payload as DiskView;
      // The old one may be told of once more, which was a standalone one.
      return disk.machineId === id && disk.kind === 'linked' ? [disk.state] : [];
    });
    expect(new Set(told)).toEqual(new Set(['not-started']));
  });

  it('is refused while the machine is on', async () => {
    const room = new MachineRoom();
    const backEnd = await room.open();
    const { id } = await room.create();
    unwrap(await backEnd.machines.command({ id, command: 'start' }));
    expect(await backEnd.machines.duplicate({ id })).toMatchObject({ failure: { code: 'busy' } });
  });

  it('leaves nothing behind when both machines are removed', async () => {
    const room = new MachineRoom();
    const backEnd = await room.open();
    const { id } = await room.create();
    await diskIs(backEnd, id, { state: 'complete' });
    const copy = unwrap(await backEnd.machines.duplicate({ id }));
    unwrap(await backEnd.machines.remove({ id }));
    expect(room.images()).toHaveLength(2);
    const { freedBytes } = unwrap(await backEnd.machines.remove({ id: copy.id }));
    expect(freedBytes).toBeGreaterThan(RECIPE_BYTES / 2);
    expect(room.images()).toEqual([]);
  });
});

describe('the storage folder', () => {
  it('is moved with everything in it, and machines find their disks', async () => {
    const room = new MachineRoom();
    const backEnd = await room.open();
    const { id } = await room.create();
    await diskIs(backEnd, id, { state: 'complete' });
    unwrap(await backEnd.machines.duplicate({ id }));
    const target = path.join(room.folder, 'bigger');
    unwrap(await backEnd.preferences.set({ storageFolder: target }));
    expect(room.images(target)).toHaveLength(3);
    expect(room.images()).toEqual([]);
    unwrap(await backEnd.machines.command({ id, command: 'start' }));
    const made = await room.create();
    expect(onlyDisk(made).path.startsWith(target)).toBe(true);
  });

  it('does not have what was put elsewhere when its machine was made, and leaves it there', async () => {
    const room = new MachineRoom();
    const backEnd = await room.open();
    const folder = path.join(room.folder, 'fast');
    const { id } = unwrap(await backEnd.machines.create({ applianceId: RECIPE, folder, start: false }));
    const disk = await diskIs(backEnd, id, { state: 'complete' });
    expect(path.dirname(disk.path)).toBe(folder);
    unwrap(await backEnd.preferences.set({ storageFolder: path.join(room.folder, 'bigger') }));
    expect(room.images(folder)).toHaveLength(1);
    expect(onlyDisk(await machineOf(backEnd, id)).path).toBe(disk.path);
  });

  it('is not moved while a machine runs', async () => {
    const room = new MachineRoom();
    const backEnd = await room.open();
    const { id } = await room.create();
    unwrap(await backEnd.machines.command({ id, command: 'start' }));
    const moved = await backEnd.preferences.set({ storageFolder: path.join(room.folder, 'bigger') });
    expect(moved).toMatchObject({ failure: { code: 'busy' } });
    expect(backEnd.preferences.current.storageFolder).toBeNull();
  });
});

describe('what can be done with a disk while its machine is off', () => {
  it('is checking it, drawing it, and exporting it', async () => {
    const room = new MachineRoom();
    const backEnd = await room.open();
    const { id } = await room.create();
    const disk = await diskIs(backEnd, id, { state: 'complete' });
    expect(unwrap(await backEnd.disks.check({ id: disk.id, repair: 'none' }))).toMatchObject({
      corruptions: 0,
      summary: 'No errors were found.',
    });
    const map = unwrap(await backEnd.disks.map({ id: disk.id, cells: 16 }));
    expect(map[0]).toEqual({ data: 0, zero: 1, missing: 0, fetching: 0, demanded: 0 });
    expect(map[15]).toEqual({ data: 1, zero: 0, missing: 0, fetching: 0, demanded: 0 });
    const target = path.join(room.folder, 'out.raw');
    unwrap(await backEnd.disks.export({ id: disk.id, path: target, format: 'raw' }));
    expect(fs.readFileSync(target).equals(fs.readFileSync(room.masterPath))).toBe(true);
  });

  it('is told of while it goes on, and can be ended', async () => {
    const room = new MachineRoom();
    const far = await serve(room.masterPath, { link: { bitsPerSecond: 512 * KIB, roundTripMs: 0 } });
    const backEnd = await room.open();
    unwrap(await backEnd.preferences.set({ metered: true }));
    const master = unwrap(await backEnd.masters.add({ source: 'http', name: 'Far', url: far.url }));
    const { id } = unwrap(await backEnd.machines.create({ applianceId: master.id, start: false }));
    const disk = onlyDisk(await machineOf(backEnd, id));
    const target = path.join(room.folder, 'out.raw');
    const exported = backEnd.disks.export({ id: disk.id, path: target, format: 'raw' });
    const activity = await vi.waitFor(async () => {
      const [running] = unwrap(await backEnd.activities.list());
      expect(running).toMatchObject({ kind: 'export', subject: disk.id, name: 'out.raw' });
      return running;
    }, PATIENCE);
    unwrap(await backEnd.activities.cancel({ id: activity?.id ?? '' }));
    expect(await exported).toMatchObject({ failure: { code: 'cancelled' } });
    expect(fs.readdirSync(room.folder).filter((name) => name.startsWith('out.raw'))).toEqual([]);
    expect(unwrap(await backEnd.activities.list())).toEqual([]);
  });

  it('is giving back space at its end that nothing uses', async () => {
    const room = new MachineRoom();
    const backEnd = await room.open();
    const { id } = await room.create();
    const disk = await diskIs(backEnd, id, { state: 'complete' });
    fs.appendFileSync(disk.path, Buffer.alloc(256 * KIB, 1));
    expect(unwrap(await backEnd.disks.check({ id: disk.id, repair: 'none' }))).toMatchObject({
      leaks: 4,
      freedBytes: 0,
    });
    expect(unwrap(await backEnd.disks.check({ id: disk.id, repair: 'leaks' }))).toMatchObject({
      leaksFixed: 4,
      freedBytes: 256 * KIB,
    });
  });

  it('is refused while it is on', async () => {
    const room = new MachineRoom();
    const backEnd = await room.open();
    const { id, ...machine } = await room.create({ kind: 'linked' });
    const disk = onlyDisk({ id, ...machine });
    unwrap(await backEnd.machines.command({ id, command: 'start' }));
    const busy = { failure: { code: 'busy' } };
    expect(await backEnd.disks.check({ id: disk.id, repair: 'all' })).toMatchObject(busy);
    expect(
      await backEnd.disks.export({ id: disk.id, path: `${disk.path}.raw`, format: 'raw' }),
    ).toMatchObject(busy);
  });

  it('ends with the other policy of a job that streams', async () => {
    const room = new MachineRoom();
    const far = await serve(room.masterPath);
    const backEnd = await room.open();
    unwrap(await backEnd.preferences.set({ globalLimit: 64 * KIB }));
    const master = unwrap(await backEnd.masters.add({ source: 'http', name: 'Far', url: far.url }));
    const { id } = unwrap(await backEnd.machines.create({ applianceId: master.id, start: false }));
    const disk = await diskIs(backEnd, id, { state: 'streaming' });
    unwrap(await backEnd.disks.setOnError({ id: disk.id, onError: 'report' }));
    unwrap(await backEnd.disks.setLimit({ id: disk.id, limit: 5 * MIB }));
    await diskIs(backEnd, id, { state: 'streaming', onError: 'report', limit: 5 * MIB });
    unwrap(await backEnd.disks.stream({ id: disk.id, command: 'cancel' }));
    await diskIs(backEnd, id, { state: 'not-started' });
  });
});
