import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { USUAL_HARDWARE } from '../../../shared/hardware.ts';
import type { NewMachine } from '../../../shared/ipc/catalog.ts';
import { unwrap } from '../../../shared/result.ts';
import { MIB } from '../../../shared/units.ts';
import { hostWithQemu } from '../../../test/support/pretended-qemu.ts';
import { MachineRoom } from '../../../test/support/machine-room.ts';
import { asGuest, machineOf, onlyDisk } from '../../../test/support/machine-watch.ts';
import { publishWithState, STATE_EMULATOR } from '../../../test/support/published-state.ts';
import { newMaster } from '../../catalog/tables/masters.ts';
import { serve } from '../../../test/support/served.ts';

/** What a machine of the test has; the state was saved with as much. */
const MEMORY_MIB = 16;
const DISK = new Uint8Array(4 * MIB).fill(9);

/** An app whose catalog has an appliance that can be started at once, from a server that counts what it sends of it. */
async function catalogWith({ memoryMiB = MEMORY_MIB, emulator = STATE_EMULATOR, gone = false } = {}) {
  const { folder, description } = await publishWithState(DISK, MEMORY_MIB);
  const asked: string[] = [];
  const server = await serve(folder, { onRequest: ({ path: file }) => asked.push(path.basename(file)) });
  const published = { description, sources: [server.url] };
  const room = new MachineRoom({ emulator, qemu: hostWithQemu() });
  const backEnd = await room.open();
  const createdMs = Date.now();
  unwrap(
    backEnd.catalog.change(({ masters, appliances }) => {
      masters.add(
        newMaster({
          id: 'far',
          name: 'Far',
          source: 'http',
          location: `${server.url}disk.raw`,
          format: 'raw',
          lengthBytes: DISK.length,
          published,
          createdMs,
        }),
      );
      appliances.put({
        id: 'far',
        feedId: null,
        masterId: 'far',
        addedMs: createdMs,
        description: {
          ...{ formatVersion: 1, id: 'far', name: 'Far', summary: '', publisher: '', version: '1' },
          ...{ arch: 'i386', licence: '', memoryMiB, diskSizeBytes: DISK.length },
        },
      });
    }),
  );
  if (gone) fs.rmSync(path.join(folder, 'state.bin'));
  const make = async (over: Partial<NewMachine> = {}) =>
    unwrap(await backEnd.machines.create({ applianceId: 'far', start: false, ...over })).id;
  const start = async (id: string) => unwrap(await backEnd.machines.command({ id, command: 'start' }));
  /** But that a disk is complete, which may be known by now or not. */
  const told = () => room.notices.filter((text) => !/\bis complete\b/.test(text));
  const fetched = () => asked.filter((file) => file === 'state.bin').length;
  return { room, backEnd, folder, make, start, told, fetched, server };
}

describe('the first start of a machine whose master is published with a state', () => {
  it.each(['standalone', 'linked'] as const)('goes on from that, once: a %s one', async (kind) => {
    const { room, told, backEnd, make, start } = await catalogWith();
    const id = await make({ kind });
    expect(await machineOf(backEnd, id)).toMatchObject({
      state: 'off',
      memoryMiB: MEMORY_MIB,
      instantStart: { fetching: false },
    });
    await start(id);
    expect(room.machine(id).commands).toEqual(['go on']);
    expect(await machineOf(backEnd, id)).toMatchObject({ state: 'running', instantStart: null });
    unwrap(await backEnd.machines.command({ id, command: 'stop' }));
    await start(id);
    expect(room.machine(id).commands).toEqual(['boot']);
    expect(told()).toEqual([]);
  });

  it('needs no download where another machine had one, nor in the next run of the program', async () => {
    const { room, backEnd, make, start, fetched } = await catalogWith();
    await start(await make());
    const before = fetched();
    expect(before).toBeGreaterThan(0);
    const second = await make();
    expect(await machineOf(backEnd, second)).toMatchObject({ instantStart: { missingBytes: 0 } });
    await room.close();
    const again = await room.open();
    expect(await machineOf(again, second)).toMatchObject({ instantStart: { missingBytes: 0 } });
    unwrap(await again.machines.command({ id: second, command: 'start' }));
    expect(room.machine(second).commands).toEqual(['go on']);
    expect(fetched()).toBe(before);
  });

  it('is a boot where the user wants that, before or when it is started', async () => {
    const { room, told, backEnd, make, start, fetched } = await catalogWith();
    const id = await make({ boot: true });
    expect(await machineOf(backEnd, id)).toMatchObject({ instantStart: null });
    await start(id);
    const other = await make();
    unwrap(await backEnd.machines.command({ id: other, command: 'boot' }));
    expect([room.machine(id).commands, room.machine(other).commands]).toEqual([['boot'], ['boot']]);
    expect(fetched()).toBe(0);
    expect(told()).toEqual([]);
  });

  it('is a boot in QEMU, as what is published was saved by what is built in', async () => {
    const { room, told, backEnd, make, start, fetched } = await catalogWith();
    const hardware = { ...USUAL_HARDWARE, backEnd: 'qemu' } as const;
    const made = await make({ backEnd: 'qemu' });
    const changed = await make();
    unwrap(await backEnd.machines.setHardware({ id: changed, hardware }));
    for (const id of [made, changed]) {
      expect(await machineOf(backEnd, id)).toMatchObject({ hardware, instantStart: null });
      await start(id);
      expect(room.machine(id).commands).toEqual(['boot']);
    }
    expect(fetched()).toBe(0);
    expect(told()).toEqual([]);
  });

  it('is a boot with other memory, which is known before', async () => {
    const { room, told, backEnd, make, start, fetched } = await catalogWith();
    const id = await make({ memoryMiB: 2 * MEMORY_MIB });
    expect(await machineOf(backEnd, id)).toMatchObject({ instantStart: null });
    await start(id);
    expect(room.machine(id).commands).toEqual(['boot']);
    expect(told()).toEqual([expect.stringMatching(/saved with 16 MiB of memory, the machine has 32/)]);
    expect(fetched()).toBe(0);
  });

  it('is a boot with another emulator, and says so', async () => {
    const { room, told, make, start } = await catalogWith({ emulator: 'v86 2' });
    const id = await make();
    await start(id);
    expect(room.machine(id).commands).toEqual(['boot']);
    expect(told()).toEqual([expect.stringMatching(/saved by "v86 1.2.3", this is "v86 2"/)]);
  });

  it('is a boot over a disk that was written, and says so', async () => {
    const { room, told, backEnd, make, start } = await catalogWith();
    const id = await make();
    await asGuest(backEnd, onlyDisk(await machineOf(backEnd, id)).id, async (client) =>
      unwrap(await client.write(0, new Uint8Array([1]))),
    );
    await start(id);
    expect(room.machine(id).commands).toEqual(['boot']);
    expect(told()).toEqual([expect.stringMatching(/the disk was written since/)]);
  });

  it('is a boot where nobody has the state any more, and says so', async () => {
    const { room, told, make, start } = await catalogWith({ gone: true });
    const id = await make();
    await start(id);
    expect(room.machine(id).commands).toEqual(['boot']);
    expect(told()).toEqual([expect.stringMatching(/could not be used/)]);
  });

  it('goes on for both after it was duplicated before', async () => {
    const { room, backEnd, make, start } = await catalogWith();
    const id = await make();
    const copy = unwrap(await backEnd.machines.duplicate({ id })).id;
    await start(id);
    await start(copy);
    expect([room.machine(id).commands, room.machine(copy).commands]).toEqual([['go on'], ['go on']]);
  });

  it('is called off with its download: by a stop, or for a boot', async () => {
    const { room, backEnd, make, server } = await catalogWith();
    const id = await make();
    await server.close();
    const waits = async () => (await machineOf(backEnd, id)).instantStart?.fetching === true;
    const first = backEnd.machines.command({ id, command: 'start' });
    await expect.poll(waits).toBe(true);
    unwrap(await backEnd.machines.command({ id, command: 'stop' }));
    expect(await first).toMatchObject({ failure: { code: 'closed' } });
    expect(await machineOf(backEnd, id)).toMatchObject({ state: 'off', failure: null });
    const second = backEnd.machines.command({ id, command: 'start' });
    await expect.poll(waits).toBe(true);
    unwrap(await backEnd.machines.command({ id, command: 'boot' }));
    unwrap(await second);
    expect(room.machine(id).commands).toEqual(['boot']);
  });
});

describe('downloaded states', () => {
  it('go when neither a master nor a machine of the catalog needs them', async () => {
    const { room, make, start } = await catalogWith();
    await start(await make());
    const folder = path.join(room.dataFolder, 'states');
    const [kept = ''] = fs.readdirSync(folder);
    fs.writeFileSync(path.join(folder, `${'e'.repeat(64)}.state.part`), 'of a feed that is gone');
    await room.close();
    await room.open();
    expect(fs.readdirSync(folder)).toEqual([kept]);
  });
});
