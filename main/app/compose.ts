import { shell } from 'electron';
import { DONE, err, type Result } from '../../shared/result.ts';
import { isRemote } from '../storage/chain/location.ts';
import { appInfo } from './handlers/app-info.ts';
import { ChosenPaths } from './handlers/chosen-paths.ts';
import { consoleHandlers } from './handlers/consoles.ts';
import { dialogHandlers } from './handlers/dialogs.ts';
import type { RequestHandlers } from './ipc/handlers.ts';
import type { AppServices } from './services.ts';
import type { Windows } from './windows/windows.ts';

/** Who answers which request. */
export function composeHandlers(services: AppServices, windows: Windows): RequestHandlers {
  const { catalog, masters, feeds, machines, disks, activities, preferences, consoles } = services;
  const chosen = new ChosenPaths();
  /** For a service that this build of the app does not have. */
  const absent = async () => err('unsupported', 'This version of Headwater cannot do that yet.');

  /** Addresses may be typed; paths come from a dialog. */
  const mayRead = (location: string) => (isRemote(location) ? DONE : chosen.check(location));

  return {
    'app.info': appInfo,
    ...dialogHandlers(windows, chosen),

    'catalog.list': async (input) => catalog?.list(input) ?? absent(),
    'catalog.install': async (input) => catalog?.install(input) ?? absent(),

    'feeds.list': async () => feeds?.list() ?? absent(),
    'feeds.look': async (input) => {
      const allowed = mayRead(input.location);
      return allowed.ok ? (feeds?.look(input) ?? absent()) : allowed;
    },
    'feeds.add': async (input) => {
      const allowed = mayRead(input.location);
      return allowed.ok ? (feeds?.add(input) ?? absent()) : allowed;
    },
    'feeds.refresh': async (input) => feeds?.refresh(input) ?? absent(),
    'feeds.remove': async (input) => feeds?.remove(input) ?? absent(),

    'masters.list': async () => masters?.list() ?? absent(),
    'masters.add': async (master) => {
      const allowed = master.source === 'file' ? chosen.check(master.path) : DONE;
      return allowed.ok ? (masters?.add(master) ?? absent()) : allowed;
    },
    'masters.remove': async (input) => masters?.remove(input) ?? absent(),

    'machines.list': async () => machines?.list() ?? absent(),
    'machines.create': async (wanted) => {
      const allowed = wanted.folder === undefined ? DONE : chosen.check(wanted.folder);
      return allowed.ok ? (machines?.create(wanted) ?? absent()) : allowed;
    },
    'machines.command': async (input) => machines?.command(input) ?? absent(),
    'machines.rename': async (input) => machines?.rename(input) ?? absent(),
    'machines.setMemory': async (input) => machines?.setMemory(input) ?? absent(),
    'machines.duplicate': async (input) => machines?.duplicate(input) ?? absent(),
    'machines.remove': async (input) => machines?.remove(input) ?? absent(),
    'machines.openConsole': async ({ id }) => {
      const known = await find(machines?.list() ?? absent(), id, 'machine');
      if (known.ok) windows.showConsole(id);
      return known.ok ? DONE : known;
    },
    'console.attach': absent,
    'console.type': absent,
    'console.screenshot': absent,
    ...(consoles && consoleHandlers(consoles, chosen)),

    'disks.list': async () => disks?.list() ?? absent(),
    'disks.streamAll': async (input) => disks?.streamAll(input) ?? absent(),
    'disks.stream': async (input) => disks?.stream(input) ?? absent(),
    'disks.setLimit': async (input) => disks?.setLimit(input) ?? absent(),
    'disks.setPriority': async (input) => disks?.setPriority(input) ?? absent(),
    'disks.setOnError': async (input) => disks?.setOnError(input) ?? absent(),
    'disks.check': async (input) => disks?.check(input) ?? absent(),
    'disks.map': async (input) => disks?.map(input) ?? absent(),
    'disks.export': async (target) => {
      const allowed = chosen.check(target.path);
      return allowed.ok ? (disks?.export(target) ?? absent()) : allowed;
    },
    'disks.showInFolder': async ({ id }) => {
      const disk = await find(disks?.list() ?? absent(), id, 'disk');
      if (disk.ok) shell.showItemInFolder(disk.value.path);
      return disk.ok ? DONE : disk;
    },

    'activities.list': async () => activities?.list() ?? absent(),
    'activities.cancel': async (input) => activities?.cancel(input) ?? absent(),

    'preferences.get': async () => preferences?.get() ?? absent(),
    'preferences.set': async (change) => {
      const { storageFolder } = change;
      const allowed = typeof storageFolder === 'string' ? chosen.check(storageFolder) : DONE;
      return allowed.ok ? (preferences?.set(change) ?? absent()) : allowed;
    },
  };
}

async function find<Item extends { readonly id: string }>(
  list: Promise<Result<Item[]>>,
  id: string,
  what: string,
): Promise<Result<Item>> {
  const listed = await list;
  if (!listed.ok) return listed;
  const found = listed.value.find((item) => item.id === id);
  return found ? { ok: true, value: found } : err('not-found', `There is no ${what} ${id} any more.`);
}
