import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { unwrap } from '../../shared/result.ts';
import { KIB } from '../../shared/units.ts';
import { MachineRoom } from '../../test/support/machine-room.ts';

async function withLinkedMachine() {
  const room = new MachineRoom();
  const backEnd = await room.open();
  const machine = await room.create({ kind: 'linked' });
  const [disk] = machine.disks;
  if (disk === undefined) throw new Error('the machine has no disk');
  return { room, backEnd, machine, disk };
}

describe('the catalog and the files, at start', () => {
  it('agree after an ordinary end, and nothing is told', async () => {
    const { room } = await withLinkedMachine();
    await room.close();
    await room.open();
    expect(room.notices).toEqual([]);
    expect(room.warnings).toEqual([]);
  });

  it('find an image again that was moved into the storage folder by hand', async () => {
    const { room, backEnd, disk } = await withLinkedMachine();
    const elsewhere = path.join(room.folder, 'elsewhere');
    unwrap(await backEnd.preferences.set({ storageFolder: elsewhere }));
    await room.close();
    const name = path.basename(disk.path);
    fs.renameSync(path.join(elsewhere, name), disk.path);
    const again = await room.open();
    expect(again.disks.view(disk.id)?.path).toBe(disk.path);
    expect(room.notices.some((text) => text.includes('found again'))).toBe(true);
  });

  it('tell of an image that belongs to no machine, once, and leave it alone', async () => {
    const { room } = await withLinkedMachine();
    const stranger = path.join(room.disksFolder, 'stranger.qed');
    fs.writeFileSync(stranger, 'whatever');
    for (let starts = 0; starts < 2; starts++) {
      await room.close();
      await room.open();
    }
    expect(room.notices.filter((text) => text.includes(stranger))).toHaveLength(1);
    expect(fs.readFileSync(stranger, 'utf8')).toBe('whatever');
  });

  it('show an image that was never finished as failed, and keep it', async () => {
    const { room, disk } = await withLinkedMachine();
    await room.close();
    fs.writeFileSync(disk.path, Buffer.alloc(320 * KIB));
    const again = await room.open();
    await expect
      .poll(() => again.disks.view(disk.id))
      .toMatchObject({ state: 'failed', failure: { code: 'malformed' } });
    expect(fs.statSync(disk.path).size).toBe(320 * KIB);
  });

  it('delete what was being made when the program was killed, and only that', async () => {
    const { room, backEnd } = await withLinkedMachine();
    const half = path.join(room.disksFolder, 'half.qed');
    unwrap(backEnd.catalog.change(({ passingFiles }) => passingFiles.add([half], 'making', 1)));
    await room.close();
    fs.writeFileSync(half, '');
    await room.open();
    expect(fs.existsSync(half)).toBe(false);
    expect(room.images()).toHaveLength(1);
  });

  it('remember what is to be deleted on a drive that is away, until it is back', async () => {
    const { room, backEnd } = await withLinkedMachine();
    const drive = path.join(room.folder, 'drive');
    const away = path.join(room.folder, 'drive-in-a-drawer');
    const [deleted, half] = ['deleted.qed', 'half.qed'].map((name) => path.join(drive, name));
    if (deleted === undefined || half === undefined) throw new Error('two names');
    unwrap(
      backEnd.catalog.change(({ passingFiles }) => {
        passingFiles.add([deleted], 'deleting', 1);
        passingFiles.add([half], 'making', 1);
      }),
    );
    await room.close();
    fs.mkdirSync(away);
    for (const file of [deleted, half]) fs.writeFileSync(path.join(away, path.basename(file)), '');
    await room.open();
    await room.close();
    expect(room.warnings).toEqual([]);
    fs.renameSync(away, drive);
    const again = await room.open();
    expect(fs.readdirSync(drive)).toEqual([]);
    expect(unwrap(again.catalog.read(({ passingFiles }) => passingFiles.list()))).toEqual([]);
  });

  it('tell of a machine that lost its disk', async () => {
    const { room, backEnd, machine, disk } = await withLinkedMachine();
    unwrap(backEnd.catalog.change(({ disks }) => disks.remove(disk.id)));
    await room.close();
    const again = await room.open();
    expect(unwrap(await again.machines.list())).toMatchObject([{ id: machine.id, state: 'failed' }]);
    expect(room.notices).toContain('The machine Tiny has lost its disk.');
    unwrap(await again.machines.remove({ id: machine.id }));
  });
});

describe('a catalog that cannot be used', () => {
  it('keeps the program from starting, and nothing is changed', async () => {
    const { room } = await withLinkedMachine();
    await room.close();
    const file = path.join(room.dataFolder, 'catalog.db');
    const bytes = fs.readFileSync(file).fill(0x55, 0, 4096);
    fs.writeFileSync(file, bytes);
    expect(await room.tryOpen()).toMatchObject({ failure: { code: 'malformed' } });
    expect(fs.readFileSync(file).equals(bytes)).toBe(true);
    expect(room.images()).toHaveLength(1);
  });
});
