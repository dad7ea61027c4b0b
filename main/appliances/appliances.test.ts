import { USUAL_HARDWARE } from '../../shared/hardware.ts';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { systemClock } from '../../shared/clock.ts';
import { DONE, err, ok, unwrap, type Result } from '../../shared/result.ts';
import { KIB, MIB } from '../../shared/units.ts';
import { Catalog } from '../catalog/catalog.ts';
import { newMaster } from '../catalog/tables/masters.ts';
import { imageFiles } from '../storage/overlays/image-files.ts';
import { ImageTasks } from '../storage/overlays/image-tasks-client.ts';
import { QemuImg, type ConvertOptions } from '../storage/overlays/qemu-img.ts';
import { tempFolder } from '../../test/support/temp-folder.ts';
import { ApplianceService } from './appliance-service.ts';
import { MasterImports } from '../masters/master-imports.ts';
import { MasterService } from '../masters/master-service.ts';
import { Activities } from '../activities/activities.ts';
import { startRangeServer } from '../serve/range-server.ts';

const HAS_QEMU_IMG = await new QemuImg().isAvailable();

function setUp(qemuImg = new QemuImg()) {
  const folder = tempFolder();
  const recipesFolder = path.join(folder, 'recipes');
  const mastersFolder = path.join(folder, 'masters');
  const catalog = unwrap(Catalog.open(path.join(folder, 'catalog.db'), { nowMs: () => 1 }));
  const tasks = new ImageTasks();
  const notice = vi.fn();
  let ids = 0;
  const shared = {
    catalog,
    clock: systemClock,
    newId: () => `id-${++ids}`,
    changed: () => undefined,
  };
  const activities = new Activities({ ...shared, removed: () => undefined });
  const imports = new MasterImports({ ...shared, activities, qemuImg, mastersFolder, notice });
  const masters = new MasterService({
    ...shared,
    files: imageFiles,
    tasks,
    imports,
    removeCopy: async () => DONE,
    whileUnread: (_, work) => work(),
    activities,
    nowMs: () => 1,
    defaultMemoryMiB: () => 64,
  });
  const appliances = new ApplianceService({
    catalog,
    clock: systemClock,
    recipesFolder,
    feeds: { subscriptions: [], whenRead: async () => DONE },
    nowMs: () => 1,
    isBeingImported: (id) => activities.isUnderWay('import', id),
    installed: () => undefined,
    emulator: 'v86 1',
    images: { begin: async () => DONE },
    qemu: { has: () => false },
  });
  onTestFinished(async () => {
    await activities.close();
    await tasks.close();
    unwrap(catalog.close());
  });
  return { folder, recipesFolder, mastersFolder, catalog, masters, imports, activities, appliances, notice };
}

/** Says that it converted, after it left this at the place of the draft. */
class PretendQemuImg extends QemuImg {
  readonly #leave: (draft: string) => Result<void>;

  constructor(leave: (draft: string) => Result<void>) {
    super();
    this.#leave = leave;
  }

  override async isAvailable() {
    return true;
  }

  override async lengthOf() {
    return ok(MIB);
  }

  override async convert(_source: unknown, { path: draft }: { path: string }) {
    return this.#leave(draft);
  }
}

function buildRecipe(recipesFolder: string, sha: string): string {
  const place = path.join(recipesFolder, 'tiny');
  fs.mkdirSync(place, { recursive: true });
  fs.writeFileSync(path.join(place, 'disk.raw'), Buffer.alloc(64 * KIB, sha));
  const description = {
    formatVersion: 1,
    id: 'tiny',
    name: 'Tiny',
    summary: 'Small.',
    publisher: 'Us',
    version: '1',
    arch: 'i386',
    licence: 'free',
    memoryMiB: 96,
    diskSizeBytes: 64 * KIB,
    disk: { file: 'disk.raw', sizeBytes: 64 * KIB, sha256: sha.repeat(64) },
  };
  fs.writeFileSync(path.join(place, 'appliance.json'), JSON.stringify(description));
  return path.join(place, 'disk.raw');
}

/** Converts until it is told to end. */
class EndlessQemuImg extends QemuImg {
  override readonly isAvailable = async () => true;
  override readonly lengthOf = async () => ok(512);
  override readonly convert = (_from: unknown, _to: unknown, { signal }: ConvertOptions = {}) =>
    new Promise<Result<void>>((resolve) => {
      signal?.addEventListener('abort', () => resolve(err('cancelled', 'The conversion was cancelled')));
    });
}

describe('appliances built from recipes', () => {
  it('are listed, and machines can be made of them', async () => {
    const { appliances, recipesFolder } = setUp();
    const location = buildRecipe(recipesFolder, 'a');
    expect(unwrap(await appliances.list())).toMatchObject([
      {
        id: 'tiny',
        name: 'Tiny',
        source: 'recipe',
        available: true,
        recommended: false,
        diskBytes: 64 * KIB,
      },
    ]);
    expect(unwrap(await appliances.resolve('tiny')).master).toMatchObject({
      location,
      sha256: 'a'.repeat(64),
    });
  });

  it('keep their master when they are built again with the same content', async () => {
    const { appliances, recipesFolder } = setUp();
    buildRecipe(recipesFolder, 'a');
    const before = unwrap(await appliances.resolve('tiny')).master;
    fs.utimesSync(buildRecipe(recipesFolder, 'a'), 1000, 1000);
    const after = unwrap(await appliances.resolve('tiny')).master;
    expect(after.id).toBe(before.id);
    expect(after.lastModified).toBe(new Date(1_000_000).toISOString());
  });

  it('get another master when their content is another; the old one stays while disks need it', async () => {
    const { appliances, recipesFolder, catalog } = setUp();
    buildRecipe(recipesFolder, 'a');
    const before = unwrap(await appliances.resolve('tiny')).master;
    unwrap(
      catalog.change(({ disks }) =>
        disks.add({
          id: 'd',
          machineId: null,
          masterId: before.id,
          kind: 'standalone',
          path: '/d.qed',
          lengthBytes: 512,
          createdMs: 1,
        }),
      ),
    );
    fs.utimesSync(buildRecipe(recipesFolder, 'b'), 1000, 1000);
    expect(unwrap(await appliances.resolve('tiny')).master.id).not.toBe(before.id);
    const kept = unwrap(catalog.read(({ masters }) => masters.find(before.id)));
    expect(kept?.lastModified).toBe(before.lastModified);
  });

  it('are read again when a file of theirs has changed, and not otherwise', async () => {
    const { appliances, recipesFolder } = setUp();
    buildRecipe(recipesFolder, 'a');
    const reading = vi.spyOn(fs, 'readFileSync');
    onTestFinished(() => reading.mockRestore());
    const names = async () => unwrap(await appliances.list()).map(({ name }) => name);
    expect(await names()).toEqual(['Tiny']);
    const reads = reading.mock.calls.length;
    expect(reads).toBeGreaterThan(0);
    expect(await names()).toEqual(['Tiny']);
    unwrap(await appliances.resolve('tiny'));
    expect(reading.mock.calls.length).toBe(reads);
    buildRecipe(recipesFolder, 'b');
    expect(unwrap(await appliances.resolve('tiny')).master.sha256).toBe('b'.repeat(64));
    expect(reading.mock.calls.length).toBeGreaterThan(reads);
  });

  it('come back when the catalog has lost them, though no file has changed', async () => {
    const { appliances, recipesFolder, catalog } = setUp();
    buildRecipe(recipesFolder, 'a');
    const { master } = unwrap(await appliances.resolve('tiny'));
    unwrap(
      catalog.change((tables) => {
        tables.appliances.remove('tiny');
        tables.masters.remove(master.id);
      }),
    );
    expect(unwrap(await appliances.resolve('tiny')).master.id).toBe(master.id);
  });

  it('are listed whatever else lies beside them', async () => {
    const { appliances, recipesFolder } = setUp();
    buildRecipe(recipesFolder, 'a');
    fs.symlinkSync('ring', path.join(recipesFolder, 'tiny', 'ring'));
    fs.symlinkSync('nowhere', path.join(recipesFolder, 'tiny', 'gone'));
    for (let look = 0; look < 2; look++)
      expect(unwrap(await appliances.list())).toMatchObject([{ id: 'tiny', available: true }]);
  });

  it('are not listed any more when they were removed, and say why they cannot start when only the disk was', async () => {
    const { appliances, recipesFolder } = setUp();
    const location = buildRecipe(recipesFolder, 'a');
    unwrap(await appliances.list());
    fs.rmSync(path.join(recipesFolder, 'tiny', 'appliance.json'));
    expect(unwrap(await appliances.list())).toEqual([]);
    buildRecipe(recipesFolder, 'a');
    unwrap(await appliances.list());
    fs.rmSync(location);
    expect(await appliances.resolve('tiny')).toMatchObject({ ok: false });
  });
});

describe('masters', () => {
  it('that are local files are read where they are', async () => {
    const { folder, masters, appliances } = setUp();
    const file = path.join(folder, 'mine.raw');
    fs.writeFileSync(file, Buffer.alloc(MIB));
    const added = unwrap(await masters.add({ source: 'file', name: 'Mine', path: file, format: 'raw' }));
    expect(added).toMatchObject({ name: 'Mine', location: file, lengthBytes: MIB, neededBy: [] });
    expect(unwrap(await appliances.list())).toMatchObject([{ id: added.id, name: 'Mine', available: true }]);
    unwrap(await masters.remove({ id: added.id }));
    expect(fs.existsSync(file)).toBe(true);
    expect(unwrap(await appliances.list())).toEqual([]);
  });

  it('are refused when they are missing or empty', async () => {
    const { folder, masters } = setUp();
    const file = path.join(folder, 'empty.raw');
    const add = () => masters.add({ source: 'file', name: 'Mine', path: file, format: 'raw' });
    expect(await add()).toMatchObject({ failure: { code: 'not-found' } });
    fs.writeFileSync(file, '');
    expect(await add()).toMatchObject({ failure: { code: 'invalid-argument' } });
  });

  it('behind an address are asked for their length and what they are recognised by', async () => {
    const { folder, masters, catalog } = setUp();
    const file = path.join(folder, 'served.raw');
    fs.writeFileSync(file, Buffer.alloc(MIB));
    const server = unwrap(await startRangeServer({ root: file, clock: systemClock }));
    onTestFinished(() => server.close());
    const added = unwrap(await masters.add({ source: 'http', name: 'Far', url: server.url }));
    expect(added).toMatchObject({ lengthBytes: MIB, source: 'http' });
    const stored = unwrap(catalog.read((tables) => tables.masters.find(added.id)));
    expect(stored?.etag).toMatch(/^"/);
  });

  it('are shown without the password in their address', async () => {
    const { folder, masters } = setUp();
    const file = path.join(folder, 'served.raw');
    fs.writeFileSync(file, Buffer.alloc(MIB));
    const server = unwrap(await startRangeServer({ root: file, clock: systemClock }));
    onTestFinished(() => server.close());
    const url = server.url.replace('http://', 'http://me:secret@');
    const added = unwrap(await masters.add({ source: 'http', name: 'Far', url }));
    expect(added.location).not.toContain('secret');
  });

  it('that nobody answers for are refused', async () => {
    const { masters } = setUp();
    expect(await masters.add({ source: 'http', name: 'Far', url: 'http://127.0.0.1:1/disk' })).toMatchObject({
      failure: { code: 'source-unreachable' },
    });
  });

  it('stay while machines need them, and the refusal names those', async () => {
    const { folder, masters, catalog } = setUp();
    const file = path.join(folder, 'mine.raw');
    fs.writeFileSync(file, Buffer.alloc(MIB));
    const { id } = unwrap(await masters.add({ source: 'file', name: 'Mine', path: file, format: 'raw' }));
    unwrap(
      catalog.change(({ machines, disks }) => {
        machines.add({
          id: 'm',
          name: 'Anna',
          applianceId: id,
          memoryMiB: 64,
          createdMs: 1,
          startedMs: null,
          instantStart: null,
          guest: { arch: 'i386' },
          hardware: USUAL_HARDWARE,
        });
        disks.add({
          id: 'd',
          machineId: 'm',
          masterId: id,
          kind: 'standalone',
          path: '/d.qed',
          lengthBytes: 512,
          createdMs: 1,
        });
      }),
    );
    expect(await masters.remove({ id })).toMatchObject({
      failure: { code: 'busy', message: "'Mine' is needed by Anna" },
    });
    expect(unwrap(await masters.list())).toMatchObject([{ neededBy: ['Anna'] }]);
  });

  it('whose import was cut off say so after the next start, or are there when it was complete', async () => {
    const { folder, imports, catalog } = setUp();
    const add = (id: string, location: string) =>
      unwrap(
        catalog.change((tables) =>
          tables.masters.add(
            newMaster({
              id,
              name: id,
              source: 'file',
              location,
              format: 'raw',
              lengthBytes: 512,
              owned: true,
              importState: 'importing',
              createdMs: 1,
            }),
          ),
        ),
      );
    const complete = path.join(folder, 'complete.raw');
    fs.writeFileSync(complete, 'x');
    add('cut', path.join(folder, 'cut.raw'));
    add('complete', complete);
    unwrap(imports.recover());
    const states = unwrap(
      catalog.read((tables) => tables.masters.list().map(({ id, importState }) => [id, importState])),
    );
    expect(Object.fromEntries(states)).toEqual({ cut: 'failed', complete: 'ready' });
  });

  it('of other formats need qemu-img, and the refusal says so', async () => {
    const { folder, masters } = setUp(new QemuImg('no-such-program'));
    const wanted = {
      source: 'file',
      name: 'Mine',
      path: path.join(folder, 'x.qcow2'),
      format: 'qcow2',
    } as const;
    expect(await masters.add(wanted)).toMatchObject({ failure: { code: 'unsupported' } });
  });

  describe('whose import fails', () => {
    const foreign = { source: 'file', name: 'Mine', path: '/x.qcow2', format: 'qcow2' } as const;

    it('leave the draft written down where it cannot be deleted', async () => {
      const qemuImg = new PretendQemuImg((draft) => {
        fs.mkdirSync(draft);
        return err('no-space', 'The disk is full');
      });
      const { masters, catalog, mastersFolder, notice } = setUp(qemuImg);
      unwrap(await masters.add(foreign));
      await expect.poll(() => notice.mock.calls).not.toHaveLength(0);
      const [draft = ''] = fs.readdirSync(mastersFolder);
      expect(unwrap(catalog.read(({ passingFiles }) => passingFiles.list()))).toEqual([
        { path: path.join(mastersFolder, draft), why: 'making' },
      ]);
    });

    it('because the name of the file could not be made durable say so', async () => {
      const qemuImg = new PretendQemuImg((draft) => {
        fs.writeFileSync(draft, 'x');
        return DONE;
      });
      const { masters, catalog, mastersFolder, notice } = setUp(qemuImg);
      const { open } = fs.promises;
      const spy = vi.spyOn(fs.promises, 'open').mockImplementation((file, ...rest) => {
        if (file !== mastersFolder) return open(file, ...rest);
        return Promise.reject(Object.assign(new Error('bad disk'), { code: 'EIO' }));
      });
      onTestFinished(() => spy.mockRestore());
      const { id } = unwrap(await masters.add(foreign));
      await expect.poll(() => notice.mock.calls).not.toHaveLength(0);
      expect(notice).toHaveBeenCalledWith(
        expect.objectContaining({ level: 'error', text: expect.stringContaining(mastersFolder) as string }),
      );
      const master = unwrap(catalog.read((tables) => tables.masters.find(id)));
      expect(master?.importState).toBe('failed');
    });
  });

  describe('whose import is under way', () => {
    const foreign = { source: 'file', name: 'Mine', path: '/x.qcow2', format: 'qcow2' } as const;

    it('are gone when it is cancelled', async () => {
      const { masters, appliances, activities, catalog } = setUp(new EndlessQemuImg());
      unwrap(await masters.add(foreign));
      const [activity] = unwrap(await activities.list());
      expect(activity).toMatchObject({ kind: 'import', name: 'Mine', cancellable: true });
      unwrap(await activities.cancel({ id: activity?.id ?? '' }));
      expect(unwrap(await masters.list())).toEqual([]);
      expect(unwrap(await appliances.list())).toEqual([]);
      expect(unwrap(catalog.read(({ passingFiles }) => passingFiles.list()))).toEqual([]);
    });

    it('say so when the end of the program cut it off', async () => {
      const { masters, activities, catalog } = setUp(new EndlessQemuImg());
      const { id } = unwrap(await masters.add(foreign));
      await activities.close();
      expect(unwrap(catalog.read((tables) => tables.masters.find(id)))).toMatchObject({
        importState: 'failed',
      });
    });
  });

  describe.runIf(HAS_QEMU_IMG)('of other formats', () => {
    const qemuImg = (...args: string[]) => execFileSync('qemu-img', args, { stdio: 'ignore' });

    it('are converted, and can be started when that is done', async () => {
      const { folder, masters, appliances, mastersFolder, notice } = setUp();
      const raw = path.join(folder, 'x.raw');
      const file = path.join(folder, 'x.qcow2');
      fs.writeFileSync(raw, Buffer.alloc(MIB, 9));
      qemuImg('convert', '-f', 'raw', '-O', 'qcow2', raw, file);
      const { id } = unwrap(await masters.add({ source: 'file', name: 'Mine', path: file, format: 'qcow2' }));
      expect(unwrap(await appliances.list())).toMatchObject([{ available: false }]);
      await expect.poll(() => notice.mock.calls).not.toHaveLength(0);
      const { master } = unwrap(await appliances.resolve(id));
      expect(fs.readFileSync(master.location).equals(fs.readFileSync(raw))).toBe(true);
      unwrap(await masters.remove({ id }));
      expect(fs.readdirSync(mastersFolder)).toEqual([]);
    });

    it('stay written down when they are removed while their drive is away', async () => {
      const { folder, masters, mastersFolder, catalog, notice } = setUp();
      const file = path.join(folder, 'x.qcow2');
      qemuImg('create', '-f', 'qcow2', file, '1M');
      const { id } = unwrap(await masters.add({ source: 'file', name: 'Mine', path: file, format: 'qcow2' }));
      await expect.poll(() => notice.mock.calls).not.toHaveLength(0);
      const [name = ''] = fs.readdirSync(mastersFolder);
      fs.renameSync(mastersFolder, path.join(folder, 'away'));
      unwrap(await masters.remove({ id }));
      const passing = unwrap(catalog.read(({ passingFiles }) => passingFiles.list()));
      expect(passing).toMatchObject([{ path: path.join(mastersFolder, name) }]);
    });

    it('are refused when they name other files', async () => {
      const { folder, masters } = setUp();
      const base = path.join(folder, 'base.raw');
      const file = path.join(folder, 'x.qcow2');
      fs.writeFileSync(base, Buffer.alloc(MIB));
      qemuImg('create', '-f', 'qcow2', '-b', base, '-F', 'raw', file);
      expect(await masters.add({ source: 'file', name: 'Mine', path: file, format: 'qcow2' })).toMatchObject({
        failure: { code: 'unsupported' },
      });
    });
  });
});
