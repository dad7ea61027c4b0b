/**
 * Everything that spans rows of the catalog and files, with the program ended between any two of its steps: before and
 * after every transaction and every operation on a file. Afterwards the next start must find a catalog and a folder
 * that belong together, whatever was being done.
 */
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../shared/clock.ts';
import { ok, unwrap, type Result } from '../../shared/result.ts';
import type { BackEnd, BackEndOptions } from '../../main/app/back-end.ts';
import { diskChain, mastersBehind } from '../../main/disks/overlay-chain.ts';
import { openChain } from '../../main/storage/chain/open.ts';
import { imageFiles, type ImageFiles } from '../../main/storage/overlays/image-files.ts';
import type { Master } from '../../main/catalog/tables/masters.ts';
import { DiskThread } from '../../main/storage/disk/disk-thread.ts';
import { MachineRoom, PretendMachine, RECIPE } from '../support/machine-room.ts';
import { serve } from '../support/served.ts';

class Killed extends Error {}

/** A program that ends at its n-th step, and does nothing any more. */
class Mortal {
  /** Steps that were taken. */
  steps = 0;
  /** The step that is not taken any more. */
  readonly #lifetime: number;

  constructor(lifetime: number) {
    this.#lifetime = lifetime;
  }

  step(): void {
    if (this.steps >= this.#lifetime) throw new Killed();
    this.steps++;
  }

  files(): ImageFiles {
    const mortal = <Args extends unknown[], T>(work: (...args: Args) => Promise<T>) => {
      return async (...args: Args) => {
        this.step();
        const result = await work(...args);
        this.step();
        return result;
      };
    };
    return {
      ...imageFiles,
      create: mortal((...args: Parameters<ImageFiles['create']>) => imageFiles.create(...args)),
      makeFolderOf: mortal((file: string) => imageFiles.makeFolderOf(file)),
      duplicate: mortal((from: string, to: string) => imageFiles.duplicate(from, to)),
      delete: mortal((file: string) => imageFiles.delete(file)),
    };
  }

  /** Machines and disks whose saving are steps, too. */
  saving(room: MachineRoom): Partial<BackEndOptions> {
    return {
      makeMachine: ({ id }) => {
        const machine = new PretendMachine();
        const save = machine.save.bind(machine);
        machine.save = async (order) => {
          this.step();
          const saved = await save(order);
          this.step();
          return saved;
        };
        room.machines.set(id, machine);
        return ok(machine);
      },
      openDisk: async (spec, listen) => {
        const opened = await DiskThread.open(spec, listen);
        if (!opened.ok) return opened;
        const stamp = opened.value.stampContent.bind(opened.value);
        opened.value.stampContent = async (name) => {
          this.step();
          const stamped = await stamp(name);
          this.step();
          return stamped;
        };
        return opened;
      },
    };
  }

  possess({ catalog }: BackEnd): void {
    const change = catalog.change.bind(catalog);
    catalog.change = (work) => {
      this.step();
      const changed = change(work);
      this.step();
      return changed;
    };
  }
}

/** Written by the guest of the machine that is there before; must be there afterwards. */
const MARK = 0x5a;
const FOREIGN = 'foreign.qed';

/** A room with a machine, something its guest wrote, a file of somebody else, and a master far away. */
async function furnish(): Promise<{ room: MachineRoom; machineId: string }> {
  const room = new MachineRoom();
  const backEnd = await room.open();
  const { url } = await serve(room.masterPath);
  unwrap(await backEnd.masters.add({ source: 'http', name: 'Far', url }));
  unwrap(await backEnd.preferences.set({ metered: true }));
  const { id } = await room.create({ name: 'Old', kind: 'linked' });
  const disk = await openChain(chainOf(backEnd, id), { clock: systemClock, readOnly: false });
  unwrap(await unwrap(disk).write(1000, new Uint8Array([MARK])));
  unwrap(await unwrap(disk).close());
  fs.writeFileSync(path.join(room.disksFolder, FOREIGN), 'not ours');
  await room.close();
  return { room, machineId: id };
}

function chainOf({ catalog }: BackEnd, machineId: string) {
  return unwrap(
    catalog.read((tables) => {
      const [row] = tables.disks.ofMachine(machineId);
      if (row === undefined) throw new Error('the machine has no disk');
      return diskChain(row.path, mastersBehind(tables, row));
    }),
  );
}

async function firstBytes(backEnd: BackEnd, machineId: string): Promise<number[]> {
  const disk = unwrap(await openChain(chainOf(backEnd, machineId), { clock: systemClock, readOnly: true }));
  const bytes = new Uint8Array(3);
  unwrap(await disk.read(999, bytes));
  unwrap(await disk.close());
  return [...bytes];
}

function masterNamed({ catalog }: BackEnd, name: string, role: Master['role']): string {
  const found = unwrap(catalog.read(({ masters }) => masters.list())).find(
    (master) => master.name === name && master.role === role,
  );
  if (found === undefined) throw new Error(`there is no ${role} '${name}'`);
  return found.id;
}

type Deed = (backEnd: BackEnd, machineId: string, room: MachineRoom) => Promise<Result<unknown>>;

/** Does the deed with a program that ends after `lifetime` steps; true when it lived to the end of it. */
async function attempt(deed: Deed, lifetime: number, room: MachineRoom, machineId: string): Promise<boolean> {
  const mortal = new Mortal(lifetime);
  const backEnd = await room.open({ files: mortal.files(), ...mortal.saving(room) });
  mortal.possess(backEnd);
  let survived = true;
  try {
    unwrap(await deed(backEnd, machineId, room));
  } catch (error) {
    if (!(error instanceof Killed)) throw error;
    survived = false;
  }
  await room.close();
  return survived;
}

/** What must be true after the next start, whatever happened before. */
async function expectOrder(backEnd: BackEnd, room: MachineRoom): Promise<void> {
  const known = unwrap(
    backEnd.catalog.read(({ disks, masters, passingFiles, machines, savedStates }) => ({
      states: savedStates.list().map(({ path: file }) => file),
      owned: [
        ...disks.list().map(({ path: file }) => file),
        ...masters.list().flatMap(({ role, location }) => (role === 'snapshot' ? [location] : [])),
      ],
      copies: masters.list().filter(({ role }) => role === 'copy'),
      copyDisks: disks.list().filter(({ machineId }) => machineId === null),
      passing: passingFiles.list(),
      machines: machines.list().map(({ id }) => ({ id, disks: disks.ofMachine(id).length })),
    })),
  );
  expect(known.passing).toEqual([]);
  for (const { disks } of known.machines) expect(disks).toBe(1);
  const places = (rows: readonly { id: string; place: string }[]) => rows.map(({ id, place }) => [id, place]);
  expect(places(known.copyDisks.map(({ id, path: place }) => ({ id, place })))).toEqual(
    places(known.copies.map(({ id, location: place }) => ({ id, place }))),
  );
  const folders = [room.disksFolder, path.join(room.folder, 'bigger')];
  const found = folders.flatMap((folder) => room.images(folder).map((name) => path.join(folder, name)));
  expect(found.filter((file) => path.basename(file) !== FOREIGN).sort()).toEqual(known.owned.sort());
  const states = folders.flatMap((folder) => room.states(folder).map((name) => path.join(folder, name)));
  expect(states.sort()).toEqual(known.states.sort());
  expect(fs.readFileSync(path.join(room.disksFolder, FOREIGN), 'utf8')).toBe('not ours');
  for (const { id } of known.machines) await firstBytes(backEnd, id);
}

/**
 * Ends the program at every step of a deed in turn. `check` looks at what came of it.
 * @param before what was done in an earlier run of the program
 */
async function killEverywhere(
  deed: Deed,
  check: (backEnd: BackEnd, machineId: string, survived: boolean, room: MachineRoom) => Promise<void>,
  before?: Deed,
): Promise<number> {
  for (let lifetime = 0; ; lifetime++) {
    const { room, machineId } = await furnish();
    if (before !== undefined) {
      unwrap(await before(await room.open(), machineId, room));
      await room.close();
    }
    const survived = await attempt(deed, lifetime, room, machineId);
    const next = await room.open();
    await expectOrder(next, room);
    await check(next, machineId, survived, room);
    await room.close();
    if (survived) return lifetime;
  }
}

const names = async ({ machines }: BackEnd) => unwrap(await machines.list()).map(({ name }) => name);

describe('a program that is killed at any step', () => {
  it('of creating a machine has it whole, or not at all', async () => {
    const steps = await killEverywhere(
      ({ machines }) => machines.create({ applianceId: RECIPE, name: 'New', kind: 'linked', start: false }),
      async (backEnd, id, survived) => {
        expect(await firstBytes(backEnd, id)).toEqual([0, MARK, 0]);
        if (survived) expect(await names(backEnd)).toEqual(['Old', 'New']);
      },
    );
    expect(steps).toBeGreaterThanOrEqual(6);
  });

  it('of making a linked machine of a master far away has it with the copy it lies on, or neither', async () => {
    const steps = await killEverywhere(
      (backEnd) =>
        backEnd.machines.create({
          applianceId: masterNamed(backEnd, 'Far', 'master'),
          name: 'New',
          kind: 'linked',
          start: false,
        }),
      async (backEnd, _id, survived) => {
        const copies = unwrap(await backEnd.disks.list()).filter(({ copy }) => copy !== null);
        const machines = await names(backEnd);
        expect(copies).toHaveLength(machines.includes('New') ? 1 : 0);
        if (survived) expect(machines).toEqual(['Old', 'New']);
      },
    );
    expect(steps).toBeGreaterThanOrEqual(8);
  });

  it('of removing a copy that nobody uses any more has it whole, or not at all', async () => {
    const steps = await killEverywhere(
      async (backEnd) => {
        const applianceId = masterNamed(backEnd, 'Far', 'master');
        const made = await backEnd.machines.create({ applianceId, kind: 'linked', start: false });
        if (!made.ok) return made;
        const removed = await backEnd.machines.remove({ id: made.value.id });
        return removed.ok ? backEnd.masters.remove({ id: masterNamed(backEnd, 'Far', 'copy') }) : removed;
      },
      async (backEnd, _id, survived) => {
        if (!survived) return;
        expect(unwrap(await backEnd.disks.list()).filter(({ copy }) => copy !== null)).toEqual([]);
        expect(await names(backEnd)).toEqual(['Old']);
      },
    );
    expect(steps).toBeGreaterThanOrEqual(16);
  });

  it('of duplicating a machine still has the first one, with its data', async () => {
    const steps = await killEverywhere(
      ({ machines }, id) => machines.duplicate({ id }),
      async (backEnd, id, survived) => {
        expect(await firstBytes(backEnd, id)).toEqual([0, MARK, 0]);
        const all = unwrap(await backEnd.machines.list());
        for (const machine of all) expect(await firstBytes(backEnd, machine.id)).toEqual([0, MARK, 0]);
        if (survived) expect(all.map(({ name }) => name)).toEqual(['Old', 'Old 2']);
      },
    );
    expect(steps).toBeGreaterThanOrEqual(8);
  });

  it('of removing a machine has it whole, or not at all', async () => {
    const steps = await killEverywhere(
      ({ machines }, id) => machines.remove({ id }),
      async (backEnd, id, survived) => {
        const left = await names(backEnd);
        if (survived) expect(left).toEqual([]);
        if (left.length > 0) expect(await firstBytes(backEnd, id)).toEqual([0, MARK, 0]);
      },
    );
    expect(steps).toBeGreaterThanOrEqual(6);
  });

  it('of moving the storage has every disk in one place or the other', async () => {
    const steps = await killEverywhere(
      ({ preferences }, _id, room) => preferences.set({ storageFolder: path.join(room.folder, 'bigger') }),
      async (backEnd, id) => {
        expect(await firstBytes(backEnd, id)).toEqual([0, MARK, 0]);
      },
    );
    expect(steps).toBeGreaterThanOrEqual(10);
  });
});

/** Starts a machine: it goes on exactly where it says that it is suspended. */
async function expectStart(backEnd: BackEnd, room: MachineRoom, id: string): Promise<void> {
  const { state } = unwrap(await backEnd.machines.list()).find((machine) => machine.id === id) ?? {};
  unwrap(await backEnd.machines.command({ id, command: 'start' }));
  expect(room.machine(id).commands).toEqual([state === 'suspended' ? 'go on' : 'boot']);
  expect(room.states()).toEqual([]);
  unwrap(await backEnd.machines.command({ id, command: 'stop' }));
  expect(await firstBytes(backEnd, id)).toEqual([0, MARK, 0]);
}

describe('a machine that is suspended or resumed while the program is killed', () => {
  const suspend: Deed = async ({ machines }, id) => {
    const started = await machines.command({ id, command: 'start' });
    return started.ok ? machines.command({ id, command: 'suspend' }) : started;
  };

  it('is suspended or off, never half', async () => {
    const steps = await killEverywhere(suspend, async (backEnd, id, survived, room) => {
      const [machine] = unwrap(await backEnd.machines.list());
      if (survived) expect(machine?.state).toBe('suspended');
      await expectStart(backEnd, room, id);
    });
    expect(steps).toBeGreaterThanOrEqual(8);
  });

  it.each(['start', 'discard-state'] as const)(
    'loses what was saved to %s, or has it still',
    async (command) => {
      const steps = await killEverywhere(
        ({ machines }, id) => machines.command({ id, command }),
        async (backEnd, id, survived, room) => {
          const [machine] = unwrap(await backEnd.machines.list());
          if (survived) expect(machine?.state).toBe('off');
          await expectStart(backEnd, room, id);
        },
        suspend,
      );
      expect(steps).toBeGreaterThanOrEqual(4);
    },
  );

  it('is copied with what was saved, or not at all', async () => {
    await killEverywhere(
      ({ machines }, id) => machines.duplicate({ id }),
      async (backEnd, _id, survived, room) => {
        const all = unwrap(await backEnd.machines.list());
        expect(all.map(({ state }) => state)).toEqual(all.map(() => 'suspended'));
        if (survived) expect(all).toHaveLength(2);
        for (const { id } of all) {
          unwrap(await backEnd.machines.command({ id, command: 'start' }));
          expect(room.machine(id).commands).toEqual(['go on']);
        }
      },
      suspend,
    );
  });
});
