import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { DONE, err, ok, unwrap } from '../../shared/result.ts';
import { QemuImg } from '../storage/overlays/qemu-img.ts';
import { MachineRoom } from '../../test/support/machine-room.ts';
import { diskIs, onlyDisk } from '../../test/support/machine-watch.ts';

/** Two machines, and a way to export the disk of the first. */
async function twoMachines() {
  const room = new MachineRoom();
  const backEnd = await room.open();
  const disks = [];
  for (const name of ['One', 'Two']) {
    const { id } = await room.create({ name });
    disks.push(await diskIs(backEnd, id, { state: 'complete' }));
  }
  const [one, two] = disks;
  if (one === undefined || two === undefined) throw new Error('two disks were made');
  const exportTo = (file: string, format: 'raw' | 'qed' | 'qcow2' = 'raw') =>
    backEnd.disks.export({ id: one.id, path: file, format });
  return { room, backEnd, one, two, exportTo };
}

const ofMachine = (name: string) => ({
  failure: { code: 'busy', words: ['file-of-machine', expect.anything(), name] as unknown },
});

describe('an export', () => {
  it('replaces no disk, by whatever name it is reached', async () => {
    const { room, one, two, exportTo } = await twoMachines();
    const before = [one, two].map((disk) => fs.readFileSync(disk.path));
    const at = (name: string) => path.join(room.folder, name);
    fs.symlinkSync(two.path, at('link.raw'));
    fs.linkSync(two.path, at('second-name.raw'));
    fs.symlinkSync(path.dirname(two.path), at('folder'));
    const names = [
      two.path,
      at('link.raw'),
      at('second-name.raw'),
      path.join(at('folder'), path.basename(two.path)),
      `${path.dirname(two.path)}/./../disks/${path.basename(two.path)}`,
    ];
    for (const name of names) expect(await exportTo(name), name).toMatchObject(ofMachine('Two'));
    expect(await exportTo(one.path, 'qed')).toMatchObject(ofMachine('One'));
    expect([one, two].map((disk, index) => before[index]?.equals(fs.readFileSync(disk.path)))).toEqual([
      true,
      true,
    ]);
  });

  it('does not take the name of a disk that is missing', async () => {
    const { two, exportTo } = await twoMachines();
    fs.rmSync(two.path);
    expect(await exportTo(two.path)).toMatchObject(ofMachine('Two'));
  });

  it('replaces no master that machines lie on', async () => {
    const { room, backEnd, exportTo } = await twoMachines();
    const mine = path.join(room.folder, 'mine.raw');
    fs.copyFileSync(room.masterPath, mine);
    unwrap(await backEnd.masters.add({ source: 'file', name: 'Mine', path: mine, format: 'raw' }));
    const words = ['file-of-master', mine, 'Mine'];
    expect(await exportTo(mine)).toMatchObject({ failure: { code: 'busy', words } });
    expect(await exportTo(room.masterPath)).toMatchObject({ failure: { code: 'busy' } });
    expect(fs.readFileSync(mine).equals(fs.readFileSync(room.masterPath))).toBe(true);
  });

  it('replaces no saved state, not the catalog, and puts nothing among what is ours', async () => {
    const { room, backEnd, exportTo } = await twoMachines();
    const { id } = await room.create({ name: 'Asleep' });
    unwrap(await backEnd.machines.command({ id, command: 'start' }));
    unwrap(await backEnd.machines.command({ id, command: 'suspend' }));
    const [state = ''] = room.states();
    expect(await exportTo(path.join(room.disksFolder, state))).toMatchObject(ofMachine('Asleep'));
    const ours = { failure: { code: 'invalid-argument' } };
    for (const name of ['catalog.db', 'catalog.db-wal', 'new.raw', 'disks/new.raw', 'masters/new/new.raw']) {
      expect(await exportTo(path.join(room.dataFolder, name)), name).toMatchObject(ours);
    }
    expect(fs.existsSync(path.join(room.dataFolder, 'new.raw'))).toBe(false);
  });

  it('is refused at its end, where its target became a disk meanwhile', async () => {
    const room = new MachineRoom();
    const target = path.join(room.folder, 'out.qcow2');
    const during: { act: () => void } = { act: () => undefined };
    class SlowQemuImg extends QemuImg {
      override readonly isAvailable = async () => true;
      override readonly lengthOf = async () => ok(512);
      override readonly convert = async (_from: unknown, draft: { readonly path: string }) => {
        fs.writeFileSync(draft.path, 'converted');
        during.act();
        return DONE;
      };
    }
    const backEnd = await room.open({ qemuImg: new SlowQemuImg() });
    const disk = await diskIs(backEnd, (await room.create()).id, { state: 'complete' });
    during.act = () => {
      fs.linkSync(disk.path, target);
    };
    const exported = await backEnd.disks.export({ id: disk.id, path: target, format: 'qcow2' });
    expect(exported).toMatchObject(ofMachine('Tiny'));
    expect(fs.readFileSync(target).equals(fs.readFileSync(disk.path))).toBe(true);
    expect(fs.readdirSync(room.folder).filter((name) => name.endsWith('.part'))).toEqual([]);
  });

  it('replaces what the user has at any other place', async () => {
    const { room, exportTo } = await twoMachines();
    const target = path.join(room.folder, 'out.raw');
    fs.writeFileSync(target, 'before');
    unwrap(await exportTo(target));
    expect(fs.readFileSync(target).equals(fs.readFileSync(room.masterPath))).toBe(true);
  });

  it('writes its drafts down, so that a crash leaves none', async () => {
    const room = new MachineRoom();
    let written: readonly string[] = [];
    class FailingQemuImg extends QemuImg {
      override readonly isAvailable = async () => true;
      override readonly convert = async (_from: unknown, draft: { readonly path: string }) => {
        fs.writeFileSync(draft.path, 'half');
        const passing = unwrap(backEnd.catalog.read(({ passingFiles }) => passingFiles.list()));
        written = passing.map(({ path: file }) => file);
        expect(written).toContain(draft.path);
        return err('io', 'cut off');
      };
    }
    const backEnd = await room.open({ qemuImg: new FailingQemuImg() });
    const disk = onlyDisk(await room.create());
    const target = path.join(room.folder, 'out.qcow2');
    expect(await backEnd.disks.export({ id: disk.id, path: target, format: 'qcow2' })).toMatchObject({
      failure: { message: 'cut off' },
    });
    expect(written).toHaveLength(2);
    expect(written.filter((file) => fs.existsSync(file))).toEqual([]);
    expect(unwrap(backEnd.catalog.read(({ passingFiles }) => passingFiles.list()))).toEqual([]);
  });
});
