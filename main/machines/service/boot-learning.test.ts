import { describe, expect, it, vi } from 'vitest';
import { bootProfileOf } from '../../../shared/boot-profile.ts';
import { ok, unwrap, type Result } from '../../../shared/result.ts';
import { KIB, MIB } from '../../../shared/units.ts';
import { MachineRoom, PretendMachine, RECIPE, type BackEnd } from '../../../test/support/machine-room.ts';
import { diskIs, machineOf, onlyDisk, PATIENCE } from '../../../test/support/machine-watch.ts';
import { BlockPortClient } from '../../storage/block-port/client.ts';
import type { Started } from '../machine.ts';
import type { OpenedDisk } from '../../disks/opened-disk.ts';

/** Machines whose guests boot by reading two places of their disks, and then ask for a login. */
function bootingRoom() {
  const reads = [
    { offset: 3 * MIB, length: 64 * KIB },
    { offset: 2 * MIB, length: 4 * KIB },
  ];
  const room: MachineRoom = new MachineRoom({
    makeMachine: ({ id }, disk) => {
      const machine = new BootingMachine(disk, reads);
      room.machines.set(id, machine);
      return ok(machine);
    },
  });
  return { room, reads };
}

class BootingMachine extends PretendMachine {
  readonly #disk: OpenedDisk;
  readonly #reads: readonly { offset: number; length: number }[];

  constructor(disk: OpenedDisk, reads: readonly { offset: number; length: number }[]) {
    super();
    this.#disk = disk;
    this.#reads = reads;
  }

  override async start(): Promise<Result<Started>> {
    this.enter({ kind: 'starting' });
    const booted = await this.#boot();
    if (!booted.ok) return booted;
    this.enter({ kind: 'running' });
    this.say('tiny login: ');
    return ok({ from: 'disk', stateRefused: null });
  }

  async #boot(): Promise<Result<void>> {
    const port = await this.#disk.connect();
    const disk = port.ok ? await BlockPortClient.connect(port.value) : port;
    if (!disk.ok) return disk;
    for (const { offset, length } of this.#reads) {
      const read = await disk.value.readOwned(offset, length);
      if (!read.ok) return read;
    }
    return disk.value.close();
  }
}

const bootBytesOf = async (backEnd: BackEnd) => unwrap(await backEnd.appliances.list())[0]?.bootBytes ?? null;

describe('what a start of a master reads', () => {
  it('is learned from the first boot of its first machine, and shown before the next is made', async () => {
    const { room, reads } = bootingRoom();
    const backEnd = await room.open();
    expect(await bootBytesOf(backEnd)).toBeNull();
    const { id } = await room.create({ start: true });
    await vi.waitFor(async () => expect(await bootBytesOf(backEnd)).toBe(68 * KIB), PATIENCE);
    expect(room.news.some(({ name }) => name === 'catalog.changed')).toBe(true);
    const masterId = unwrap(await backEnd.masters.list())[0]?.id ?? '';
    expect(unwrap(backEnd.catalog.read(({ bootProfiles }) => bootProfiles.find(masterId)))).toMatchObject({
      origin: 'login',
      profile: { ranges: reads.map(({ offset, length }) => [offset, length]) },
    });
    expect((await machineOf(backEnd, id)).startedAtMs).not.toBeNull();
  });

  it('comes first into the next overlay, which tells how much of it is still missing', async () => {
    const { room } = bootingRoom();
    const backEnd = await room.open();
    await room.create({ start: true });
    await vi.waitFor(async () => expect(await bootBytesOf(backEnd)).toBe(68 * KIB), PATIENCE);
    // Two requests of a cluster each and no more, for minutes.
    unwrap(await backEnd.preferences.set({ globalLimit: 1000 }));
    const { id } = unwrap(await backEnd.machines.create({ applianceId: RECIPE, start: false }));
    const disk = await diskIs(backEnd, id, { boot: { bytes: 68 * KIB, missingBytes: 4 * KIB } });
    const map = unwrap(await backEnd.disks.map({ id: disk.id, cells: 64 }));
    expect(map.flatMap(({ data }, cell) => (data > 0 ? [cell] : []))).toEqual([48]);
  });

  it('is not learned from a machine that was started before', async () => {
    const { room } = bootingRoom();
    const backEnd = await room.open({ makeMachine: () => ok(new PretendMachine()) });
    const { id } = await room.create({ start: true });
    await vi.waitFor(async () => expect((await machineOf(backEnd, id)).state).toBe('running'), PATIENCE);
    await room.close();
    const again = await room.open();
    unwrap(await again.machines.command({ id, command: 'start' }));
    unwrap(await again.machines.command({ id, command: 'stop' }));
    expect(await bootBytesOf(again)).toBeNull();
  });

  it('is completed by the next start of the machine, where it was half learned', async () => {
    const { room, reads } = bootingRoom();
    const backEnd = await room.open({ makeMachine: () => ok(new PretendMachine()) });
    // Its disk is to lie on the master still when it is started again.
    unwrap(await backEnd.preferences.set({ globalLimit: 1000 }));
    const { id } = await room.create({ start: true });
    await vi.waitFor(async () => expect((await machineOf(backEnd, id)).state).toBe('running'), PATIENCE);
    const masterId = unwrap(await backEnd.masters.list())[0]?.id ?? '';
    const [first] = reads;
    if (first === undefined) throw new Error('a boot reads something');
    const profile = bootProfileOf([{ offset: first.offset, length: 512 }]);
    if (profile === null) throw new Error('it has a range');
    const row = { masterId, origin: 'quiet', recordedMs: 1, sha256: null } as const;
    unwrap(backEnd.catalog.change(({ bootProfiles }) => bootProfiles.put({ ...row, profile })));
    await room.close();
    const again = await room.open();
    unwrap(await again.machines.command({ id, command: 'start' }));
    await vi.waitFor(async () => expect(await bootBytesOf(again)).toBe(68 * KIB), PATIENCE);
    expect(unwrap(again.catalog.read(({ bootProfiles }) => bootProfiles.find(masterId)))).toMatchObject({
      origin: 'login',
      profile: { ranges: reads.map(({ offset, length }) => [offset, length]) },
    });
  });

  it('is not learned from a linked disk, which leaves no trace of its reads', async () => {
    const { room } = bootingRoom();
    const backEnd = await room.open();
    const { id } = await room.create({ kind: 'linked', start: true });
    await vi.waitFor(async () => expect((await machineOf(backEnd, id)).state).toBe('running'), PATIENCE);
    unwrap(await backEnd.machines.command({ id, command: 'stop' }));
    expect(await bootBytesOf(backEnd)).toBeNull();
    expect(onlyDisk(await machineOf(backEnd, id)).boot).toBeNull();
  });
});
