import { describe, expect, it } from 'vitest';
import { DONE, unwrap } from '../../shared/result.ts';
import { KIB } from '../../shared/units.ts';
import { MachineRoom, RECIPE, type BackEnd } from '../../test/support/machine-room.ts';
import { diskIs, machineOf, onlyDisk } from '../../test/support/machine-watch.ts';
import { serve } from '../../test/support/served.ts';

/** Machines over a master behind a web address. */
async function farRoom() {
  const room = new MachineRoom();
  const far = await serve(room.masterPath);
  const backEnd = await room.open();
  const master = unwrap(await backEnd.masters.add({ source: 'http', name: 'Far', url: far.url }));
  const create = async () =>
    unwrap(await backEnd.machines.create({ applianceId: master.id, start: false })).id;
  return { room, backEnd, create };
}

const diskIdOf = async (backEnd: BackEnd, machineId: string) =>
  onlyDisk(await machineOf(backEnd, machineId)).id;

describe('disks that stream beside each other', () => {
  it('wait for their turn, and say so', async () => {
    const { backEnd, create } = await farRoom();
    unwrap(await backEnd.preferences.set({ parallelStreams: 1, globalLimit: 64 * KIB }));
    const [first, second] = [await create(), await create()];
    await diskIs(backEnd, first, { state: 'streaming', heldBy: null });
    await diskIs(backEnd, second, { state: 'not-started', heldBy: 'turn' });
    unwrap(await backEnd.preferences.set({ parallelStreams: 2 }));
    await diskIs(backEnd, second, { state: 'streaming', heldBy: null });
    unwrap(await backEnd.preferences.set({ globalLimit: 0 }));
    await diskIs(backEnd, first, { state: 'complete' });
    await diskIs(backEnd, second, { state: 'complete' });
  });

  it('give their turn to what is more important, and get it back', async () => {
    const { backEnd, create } = await farRoom();
    unwrap(await backEnd.preferences.set({ parallelStreams: 1, globalLimit: 64 * KIB }));
    const [first, second] = [await create(), await create()];
    await diskIs(backEnd, first, { state: 'streaming' });
    const id = await diskIdOf(backEnd, second);
    unwrap(await backEnd.disks.setPriority({ id, priority: 'high' }));
    await diskIs(backEnd, second, { state: 'streaming', priority: 'high' });
    await diskIs(backEnd, first, { heldBy: 'turn' });
    unwrap(await backEnd.disks.stream({ id, command: 'pause' }));
    await diskIs(backEnd, first, { state: 'streaming' });
    await diskIs(backEnd, second, { state: 'paused', heldBy: null });
  });

  it('wait for work on their image, say so, and go on by themselves', async () => {
    const { backEnd, create } = await farRoom();
    unwrap(await backEnd.preferences.set({ globalLimit: 64 * KIB }));
    const machine = await create();
    await diskIs(backEnd, machine, { state: 'streaming' });
    const id = await diskIdOf(backEnd, machine);
    const work = backEnd.disks.occupy(id, 'being checked', async () => {
      await diskIs(backEnd, machine, { heldBy: 'work', rate: 0 });
      return DONE;
    });
    unwrap(await work);
    await diskIs(backEnd, machine, { state: 'streaming', heldBy: null });
  });

  it('keep their priority over a restart', async () => {
    const { room, backEnd, create } = await farRoom();
    unwrap(await backEnd.preferences.set({ globalLimit: 64 * KIB }));
    const machine = await create();
    const id = await diskIdOf(backEnd, machine);
    unwrap(await backEnd.disks.setPriority({ id, priority: 'low' }));
    await room.close();
    await diskIs(await room.open(), machine, { priority: 'low' });
  });
});

describe('a stream on a metered line', () => {
  it('is held back, and goes on when the user says so', async () => {
    const { backEnd, create } = await farRoom();
    unwrap(await backEnd.preferences.set({ metered: true }));
    const [wanted, other] = [await create(), await create()];
    await diskIs(backEnd, wanted, { state: 'paused', heldBy: 'metered' });
    const id = await diskIdOf(backEnd, wanted);
    unwrap(await backEnd.disks.stream({ id, command: 'resume-anyway' }));
    await diskIs(backEnd, wanted, { state: 'complete' });
    expect(onlyDisk(await machineOf(backEnd, other))).toMatchObject({ heldBy: 'metered' });
  });

  it('is held back again when the line is metered another time', async () => {
    const { backEnd, create } = await farRoom();
    unwrap(await backEnd.preferences.set({ metered: true, globalLimit: 64 * KIB }));
    const machine = await create();
    const id = await diskIdOf(backEnd, machine);
    unwrap(await backEnd.disks.stream({ id, command: 'resume-anyway' }));
    await diskIs(backEnd, machine, { state: 'streaming' });
    unwrap(await backEnd.preferences.set({ metered: false }));
    unwrap(await backEnd.preferences.set({ metered: true }));
    await diskIs(backEnd, machine, { state: 'paused', heldBy: 'metered' });
  });
});

describe('a disk that is to be complete now', () => {
  it('goes first, without a limit of its own', async () => {
    const { backEnd, create } = await farRoom();
    unwrap(await backEnd.preferences.set({ parallelStreams: 1, diskLimit: 64 * KIB }));
    const [first, second] = [await create(), await create()];
    await diskIs(backEnd, first, { state: 'streaming', limit: 64 * KIB, ownLimit: null });
    const id = await diskIdOf(backEnd, second);
    unwrap(await backEnd.disks.stream({ id, command: 'complete-now' }));
    await diskIs(backEnd, second, { state: 'complete', ownLimit: 0 });
    expect(onlyDisk(await machineOf(backEnd, first)).state).not.toBe('complete');
  });

  it('may be a linked one', async () => {
    const room = new MachineRoom();
    const backEnd = await room.open();
    const { id: machine } = unwrap(
      await backEnd.machines.create({ applianceId: RECIPE, kind: 'linked', start: false }),
    );
    const id = await diskIdOf(backEnd, machine);
    unwrap(await backEnd.disks.stream({ id, command: 'complete-now' }));
    await diskIs(backEnd, machine, { state: 'complete', kind: 'standalone' });
  });
});

describe('the limit of a disk', () => {
  it('is the default of the preferences until it has its own, and again when that is taken back', async () => {
    const room = new MachineRoom();
    const backEnd = await room.open();
    unwrap(await backEnd.preferences.set({ diskLimit: 1000 }));
    const { id: machine } = await room.create({ kind: 'linked' });
    const id = await diskIdOf(backEnd, machine);
    unwrap(await backEnd.disks.setLimit({ id, limit: 0 }));
    await diskIs(backEnd, machine, { limit: 0, ownLimit: 0 });
    unwrap(await backEnd.disks.setLimit({ id, limit: null }));
    await diskIs(backEnd, machine, { limit: 1000, ownLimit: null });
    unwrap(await backEnd.preferences.set({ diskLimit: 2000 }));
    await diskIs(backEnd, machine, { limit: 2000 });
  });
});
