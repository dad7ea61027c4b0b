import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../../shared/clock.ts';
import type { MachineCommand } from '../../../shared/ipc/machines.ts';
import { err, unwrap } from '../../../shared/result.ts';
import { MachineRoom, type BackEnd } from '../../../test/support/machine-room.ts';
import { asGuest, diskIs, machineOf, onlyDisk } from '../../../test/support/machine-watch.ts';
import { openChain } from '../../storage/chain/open.ts';
import { DiskThread } from '../../storage/disk/disk-thread.ts';

const FULL = err('no-space', 'The disk is full');

/** A machine that runs. */
async function running(kind: 'standalone' | 'linked' = 'linked') {
  const room = new MachineRoom();
  const backEnd = await room.open();
  const { id } = await room.create({ kind, name: 'Sleeper' });
  unwrap(await tell(backEnd, id, 'start'));
  return { room, backEnd, id };
}

async function suspended(kind: 'standalone' | 'linked' = 'linked') {
  const { room, backEnd, id } = await running(kind);
  unwrap(await tell(backEnd, id, 'suspend'));
  return { room, backEnd, id };
}

function tell({ machines }: BackEnd, id: string, command: MachineCommand) {
  return machines.command({ id, command });
}

const write = async (backEnd: BackEnd, id: string, byte: number) =>
  asGuest(backEnd, onlyDisk(await machineOf(backEnd, id)).id, async (client) =>
    unwrap(await client.write(1000, new Uint8Array([byte]))),
  );

const passing = ({ catalog }: BackEnd) => unwrap(catalog.read(({ passingFiles }) => passingFiles.list()));

describe('a suspended machine', () => {
  it('is off, says what it takes, and goes on in the next start of the program, once', async () => {
    const { room, backEnd, id } = await suspended();
    expect(room.machine(id).state).toMatchObject({ kind: 'stopped' });
    const view = await machineOf(backEnd, id);
    expect(view).toMatchObject({ state: 'suspended', failure: null, savedState: { fileBytes: 32 } });
    expect(room.states()).toHaveLength(1);
    expect(backEnd.machines.runningCount).toBe(0);
    await room.close();

    const again = await room.open();
    expect(await machineOf(again, id)).toMatchObject({ state: 'suspended' });
    unwrap(await tell(again, id, 'start'));
    expect(room.machine(id).commands).toEqual(['go on']);
    expect(await machineOf(again, id)).toMatchObject({ state: 'running', savedState: null });
    expect(room.states()).toEqual([]);
    unwrap(await tell(again, id, 'stop'));
    unwrap(await tell(again, id, 'start'));
    expect(room.machine(id).commands).toEqual(['boot']);
    expect(room.notices).toEqual([]);
  });

  it('is resumed as well as started, while a running one is told to go on', async () => {
    const { room, backEnd, id } = await suspended();
    unwrap(await tell(backEnd, id, 'resume'));
    expect(room.machine(id).commands).toEqual(['go on']);
    expect(await tell(backEnd, id, 'start')).toMatchObject({ failure: { code: 'busy' } });
    unwrap(await tell(backEnd, id, 'pause'));
    unwrap(await tell(backEnd, id, 'resume'));
    expect(room.machine(id).state.kind).toBe('running');
  });

  it('starts from its disk when what was saved is discarded', async () => {
    const { room, backEnd, id } = await suspended();
    unwrap(await tell(backEnd, id, 'discard-state'));
    expect(await machineOf(backEnd, id)).toMatchObject({ state: 'off', savedState: null });
    expect([room.states(), passing(backEnd)]).toEqual([[], []]);
    unwrap(await tell(backEnd, id, 'start'));
    expect(room.machine(id).commands).toEqual(['boot']);
    expect(await tell(backEnd, id, 'discard-state')).toMatchObject({ failure: { code: 'busy' } });
  });

  it('goes on after its disk has streamed in', async () => {
    const { room, backEnd, id } = await suspended('standalone');
    await diskIs(backEnd, id, { state: 'complete' });
    fs.rmSync(room.masterPath);
    unwrap(await tell(backEnd, id, 'start'));
    expect(room.machine(id).commands).toEqual(['go on']);
  });

  it('goes on after its disk was looked at: checked, exported, mapped', async () => {
    const { room, backEnd, id } = await suspended();
    const disk = onlyDisk(await machineOf(backEnd, id));
    unwrap(await backEnd.disks.check({ id: disk.id, repair: 'all' }));
    unwrap(await backEnd.disks.map({ id: disk.id, cells: 16 }));
    const target = path.join(room.folder, 'copy.raw');
    unwrap(await backEnd.disks.export({ id: disk.id, path: target, format: 'raw' }));
    unwrap(await tell(backEnd, id, 'start'));
    expect(room.machine(id).commands).toEqual(['go on']);
  });

  it('starts from its disk, and that is told, when the disk was written meanwhile', async () => {
    const { room, backEnd, id } = await suspended();
    await write(backEnd, id, 1);
    unwrap(await tell(backEnd, id, 'start'));
    expect(room.machine(id).commands).toEqual(['boot']);
    expect(room.notices).toEqual([
      'Sleeper was started from its disk. Its saved state could not be used: the disk was written since it was saved.',
    ]);
    expect(room.states()).toEqual([]);
  });

  it('starts from its disk when another program had the image open for writing', async () => {
    const { room, backEnd, id } = await suspended();
    await room.close();
    const { path: location } = onlyDisk(await (async () => machineOf(await room.open(), id))());
    await room.close();
    const opened = await openChain(
      { location, format: 'qed', backing: null },
      { clock: systemClock, readOnly: false },
    );
    unwrap(await unwrap(opened).close());
    const again = await room.open();
    unwrap(await tell(again, id, 'start'));
    expect(room.machine(id).commands).toEqual(['boot']);
    expect(backEnd).not.toBe(again);
  });

  it('starts from its disk when its state is missing, which is told at the start of the program', async () => {
    const { room, id } = await suspended();
    await room.close();
    const [state = ''] = room.states();
    fs.rmSync(path.join(room.disksFolder, state));
    const again = await room.open();
    expect(room.notices).toEqual([
      expect.stringMatching(/^What was saved of Sleeper is missing \('.*\.state'\)/),
    ]);
    unwrap(await tell(again, id, 'start'));
    expect(room.machine(id).commands).toEqual(['boot']);
    expect(passing(again)).toEqual([]);
  });

  it('is still suspended when it could not be started, and says why', async () => {
    const { room, id } = await suspended();
    await room.close();
    let broken = true;
    const again = await room.open({
      openDisk: async (spec, listen) => (broken ? FULL : DiskThread.open(spec, listen)),
    });
    expect(await tell(again, id, 'start')).toMatchObject(FULL);
    expect(await machineOf(again, id)).toMatchObject({ state: 'suspended', failure: FULL.failure });
    broken = false;
    unwrap(await tell(again, id, 'start'));
    expect(room.machine(id).commands).toEqual(['go on']);
  });

  it('goes on with the memory it has; what was set meanwhile counts from its next start', async () => {
    const { room, backEnd, id } = await running();
    unwrap(await backEnd.machines.setMemory({ id, memoryMiB: 64 }));
    unwrap(await tell(backEnd, id, 'suspend'));
    unwrap(await backEnd.machines.setMemory({ id, memoryMiB: 128 }));
    for (const memoryMiB of [32, 32]) {
      unwrap(await tell(backEnd, id, 'start'));
      expect(room.machine(id)).toMatchObject({ memoryMiB, commands: ['go on'] });
      unwrap(await tell(backEnd, id, 'suspend'));
    }
    unwrap(await tell(backEnd, id, 'discard-state'));
    unwrap(await tell(backEnd, id, 'start'));
    expect(room.machine(id)).toMatchObject({ memoryMiB: 128, commands: ['boot'] });
  });

  it('is copied with what was saved: both go on, whatever the other one writes', async () => {
    const { room, backEnd, id } = await suspended();
    const copy = unwrap(await backEnd.machines.duplicate({ id }));
    expect(copy).toMatchObject({ state: 'suspended', savedState: { fileBytes: 32 } });
    unwrap(await tell(backEnd, id, 'start'));
    expect(room.machine(id).commands).toEqual(['go on']);
    unwrap(await tell(backEnd, id, 'stop'));
    await write(backEnd, id, 1);
    unwrap(await tell(backEnd, copy.id, 'start'));
    expect(room.machine(copy.id).commands).toEqual(['go on']);
    expect([room.states(), passing(backEnd)]).toEqual([[], []]);
  });

  it('is copied without what was saved when its disk was written since', async () => {
    const { room, backEnd, id } = await suspended();
    await write(backEnd, id, 1);
    const copy = unwrap(await backEnd.machines.duplicate({ id }));
    expect(copy.state).toBe('off');
    unwrap(await tell(backEnd, id, 'start'));
    expect(room.machine(id).commands).toEqual(['boot']);
  });

  it('is removed with what was saved', async () => {
    const { room, backEnd, id } = await suspended();
    unwrap(await backEnd.machines.remove({ id }));
    expect([room.images(), room.states(), passing(backEnd)]).toEqual([[], [], []]);
  });

  it('moves with the storage', async () => {
    const { room, backEnd, id } = await suspended();
    const elsewhere = path.join(room.folder, 'elsewhere');
    unwrap(await backEnd.preferences.set({ storageFolder: elsewhere }));
    expect([room.states(), room.states(elsewhere).length]).toEqual([[], 1]);
    unwrap(await tell(backEnd, id, 'start'));
    expect(room.machine(id).commands).toEqual(['go on']);
  });
});

describe('suspending a machine', () => {
  it('tells how far it is, and obeys nothing but kill meanwhile', async () => {
    const { room, backEnd, id } = await running();
    const machine = room.machine(id);
    let finish: () => void = () => undefined;
    machine.save = () =>
      new Promise((resolve) => {
        machine.enter({ kind: 'saving', fraction: 0.5 });
        finish = () => resolve(err('closed', 'killed'));
      });
    const suspending = tell(backEnd, id, 'suspend');
    await vi.waitFor(async () => {
      expect(await machineOf(backEnd, id)).toMatchObject({ state: 'suspending', savedFraction: 0.5 });
    });
    expect(backEnd.machines.runningCount).toBe(1);
    for (const command of ['pause', 'resume', 'reset', 'stop', 'power-button'] as const) {
      expect(await tell(backEnd, id, command)).toMatchObject({ failure: { code: 'busy' } });
    }
    for (const refused of [tell(backEnd, id, 'start'), backEnd.machines.remove({ id })]) {
      expect(await refused).toMatchObject({ failure: { code: 'busy' } });
    }
    const killed = tell(backEnd, id, 'kill');
    finish();
    unwrap(await killed);
    expect(await suspending).toMatchObject({ failure: { code: 'closed' } });
    expect(await machineOf(backEnd, id)).toMatchObject({ state: 'off', savedState: null });
    expect([room.states(), passing(backEnd)]).toEqual([[], []]);
  });

  it('is done once for all who ask for it', async () => {
    const { room, backEnd, id } = await running();
    const all = await Promise.all([tell(backEnd, id, 'suspend'), tell(backEnd, id, 'suspend')]);
    expect(all.every(({ ok }) => ok)).toBe(true);
    expect(room.states()).toHaveLength(1);
    expect(await tell(backEnd, id, 'suspend')).toMatchObject({ failure: { code: 'invalid-argument' } });
  });

  it.each(['running', 'paused'] as const)('that fails leaves it %s, and nothing behind', async (state) => {
    const { room, backEnd, id } = await running();
    if (state === 'paused') unwrap(await tell(backEnd, id, 'pause'));
    room.machine(id).save = async () => FULL;
    expect(await tell(backEnd, id, 'suspend')).toMatchObject({ failure: { code: 'no-space' } });
    expect(await machineOf(backEnd, id)).toMatchObject({ state, savedState: null });
    expect([room.states(), passing(backEnd)]).toEqual([[], []]);
    unwrap(await tell(backEnd, id, 'stop'));
  });

  it('that fails when all but the name of the disk is done lets it go on', async () => {
    const room = new MachineRoom({
      openDisk: async (spec, listen) => {
        const opened = await DiskThread.open(spec, listen);
        if (opened.ok) opened.value.stampContent = async () => FULL;
        return opened;
      },
    });
    const backEnd = await room.open();
    const { id } = await room.create({ kind: 'linked' });
    unwrap(await tell(backEnd, id, 'start'));
    expect(await tell(backEnd, id, 'suspend')).toMatchObject({ failure: { code: 'no-space' } });
    expect(await machineOf(backEnd, id)).toMatchObject({ state: 'running', savedState: null });
    expect([room.states(), passing(backEnd)]).toEqual([[], []]);
  });

  it('of all machines tells which of them are still on', async () => {
    const { room, backEnd, id } = await running();
    const other = await room.create({ name: 'Other', kind: 'linked' });
    unwrap(await tell(backEnd, other.id, 'start'));
    room.machine(other.id).save = async () => FULL;
    expect(await backEnd.machines.suspendAll()).toEqual([{ name: 'Other', failure: FULL.failure }]);
    expect(await machineOf(backEnd, id)).toMatchObject({ state: 'suspended' });
    expect(await machineOf(backEnd, other.id)).toMatchObject({ state: 'running' });
    expect(backEnd.machines.runningCount).toBe(1);
  });
});
