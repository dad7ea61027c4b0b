import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { unwrap } from '../../shared/result.ts';
import { KIB } from '../../shared/units.ts';
import { MachineRoom, RECIPE_BYTES } from '../../test/support/machine-room.ts';
import { diskIs, onlyDisk } from '../../test/support/machine-watch.ts';
import { serve } from '../../test/support/served.ts';

/** A machine whose master lies behind a web address, and has come in a little. */
async function farMachine() {
  const room = new MachineRoom();
  const file = path.join(room.folder, 'far.raw');
  fs.copyFileSync(room.masterPath, file);
  const server = await serve(file);
  const backEnd = await room.open();
  unwrap(await backEnd.preferences.set({ globalLimit: 64 * KIB }));
  const master = unwrap(await backEnd.masters.add({ source: 'http', name: 'Far', url: server.url }));
  const machine = unwrap(await backEnd.machines.create({ applianceId: master.id, start: false }));
  await diskIs(backEnd, machine.id, { state: 'streaming', sourceId: master.id });
  return { room, backEnd, master, machine, file, server };
}

describe('a master that lies elsewhere now', () => {
  it('is read from there, and what waited for it goes on', async () => {
    const { room, backEnd, master, machine, server } = await farMachine();
    await server.close();
    await diskIs(backEnd, machine.id, { state: 'waiting-for-source' });
    const mirror = await serve(room.masterPath);
    unwrap(await backEnd.preferences.set({ globalLimit: 0 }));
    unwrap(await backEnd.masters.relocate({ id: master.id, to: { source: 'http', url: mirror.url } }));
    await diskIs(backEnd, machine.id, { state: 'complete' });
  });

  it('may lie in a file', async () => {
    const { room, backEnd, master, machine, server } = await farMachine();
    await server.close();
    unwrap(await backEnd.preferences.set({ globalLimit: 0 }));
    unwrap(await backEnd.masters.relocate({ id: master.id, to: { source: 'file', path: room.masterPath } }));
    await diskIs(backEnd, machine.id, { state: 'complete' });
    const listed = unwrap(await backEnd.masters.list()).find(({ id }) => id === master.id);
    expect(listed).toMatchObject({ source: 'file', location: room.masterPath });
  });

  it('is not taken for one of another length', async () => {
    const { room, backEnd, master } = await farMachine();
    const other = path.join(room.folder, 'other.raw');
    fs.writeFileSync(other, Buffer.alloc(RECIPE_BYTES / 2));
    const to = { source: 'file', path: other } as const;
    expect(await backEnd.masters.relocate({ id: master.id, to })).toMatchObject({
      failure: { code: 'invalid-argument', words: ['another-disk', other, 'Far'] },
    });
  });

  it('stays where it is while a machine reads it', async () => {
    const { room, backEnd, master, machine } = await farMachine();
    unwrap(await backEnd.machines.command({ id: machine.id, command: 'start' }));
    const to = { source: 'file', path: room.masterPath } as const;
    expect(await backEnd.masters.relocate({ id: master.id, to })).toMatchObject({
      failure: { code: 'busy' },
    });
  });

  it('is not one that Headwater made itself', async () => {
    const { room, backEnd } = await farMachine();
    const { masterId } = onlyDisk(await room.create({ kind: 'linked' }));
    const to = { source: 'file', path: room.masterPath } as const;
    expect(await backEnd.masters.relocate({ id: masterId ?? '', to })).toMatchObject({
      failure: { code: 'unsupported', words: ['master-of-headwater', 'Tiny 1'] },
    });
  });
});

describe('the disk of a machine', () => {
  it('is not taken for a master, by whatever name: its machine writes it', async () => {
    const room = new MachineRoom();
    const backEnd = await room.open();
    const { id } = await room.create();
    const disk = await diskIs(backEnd, id, { state: 'complete' });
    const link = path.join(room.folder, 'link.qed');
    fs.symlinkSync(disk.path, link);
    for (const file of [disk.path, link]) {
      const taken = { source: 'file', format: 'qed', name: 'Taken', path: file } as const;
      expect(await backEnd.masters.add(taken)).toMatchObject({
        failure: { code: 'busy', words: ['disk-of-machine', file, 'Tiny'] },
      });
    }
  });
});

describe('a master that was exchanged', () => {
  it('is added beside the old one, whose disks keep what they have', async () => {
    const { backEnd, master, machine, file } = await farMachine();
    const before = onlyDisk(machine);
    fs.writeFileSync(file, Buffer.alloc(RECIPE_BYTES, 9));
    fs.utimesSync(file, new Date(2030, 1, 1), new Date(2030, 1, 1));
    const renewed = unwrap(await backEnd.masters.addAgain({ id: master.id, name: 'Far, new' }));
    expect(renewed).toMatchObject({ name: 'Far, new', location: master.location });
    unwrap(await backEnd.preferences.set({ globalLimit: 0 }));
    const next = unwrap(await backEnd.machines.create({ applianceId: renewed.id, start: false }));
    await diskIs(backEnd, next.id, { state: 'complete' });
    const old = await diskIs(backEnd, machine.id, { state: 'source-changed' });
    expect(old.path).toBe(before.path);
    unwrap(await backEnd.disks.stream({ id: old.id, command: 'cancel' }));
    await diskIs(backEnd, machine.id, { state: 'not-started', failure: null });
  });
});
