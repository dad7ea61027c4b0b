import { shell } from 'electron';
import type { MasterPlace } from '../../shared/ipc/catalog.ts';
import { REQUESTS, type CheckedInput } from '../../shared/ipc/contract.ts';
import { DONE, err, type Result } from '../../shared/result.ts';
import { parseNbdAddress } from '../block/nbd/address.ts';
import { isRemote } from '../storage/chain/location.ts';
import { appInfo } from './handlers/app-info.ts';
import { ChosenPaths } from './handlers/chosen-paths.ts';
import { consoleHandlers } from './handlers/consoles.ts';
import { dialogHandlers } from './handlers/dialogs.ts';
import type { RequestHandlers } from './ipc/handlers.ts';
import { isServiceGroup, type AppServices, type ServiceRequest } from './services.ts';
import type { Windows } from './windows/windows.ts';

/** Who answers which request: the service of its group, but for what is the app's own. */
export function composeHandlers(services: AppServices, windows: Windows): RequestHandlers {
  const chosen = new ChosenPaths();
  return {
    ...forwarded(services, pathGuards(chosen)),
    ...dialogHandlers(windows, chosen),
    ...consoleHandlers(services.consoles, chosen, (file) => services.refuseTarget(file)),
    'app.info': appInfo,
    'machines.openConsole': async ({ id }) => {
      const known = await find(services.machines.list(), id, 'machine');
      if (known.ok) windows.showConsole(id);
      return known.ok ? DONE : known;
    },
    'disks.showInFolder': async ({ id }) => {
      const disk = await find(services.disks.list(), id, 'disk');
      if (disk.ok) shell.showItemInFolder(disk.value.path);
      return disk.ok ? DONE : disk;
    },
  };
}

/** What a request must pass before its service hears of it. */
type Guards = { readonly [Name in ServiceRequest]?: (input: CheckedInput<Name>) => Result<void> };

/** Addresses may be typed; paths come from a dialog. */
function pathGuards(chosen: ChosenPaths): Guards {
  const folder = (given: string | null | undefined) =>
    typeof given === 'string' ? chosen.check('folder', given) : DONE;
  const pathsInNbdAddress = (url: string) => {
    const target = parseNbdAddress(url);
    if (!target.ok) return target;
    const { at, certificates } = target.value;
    const socket = at.kind === 'unix' ? chosen.check('read', at.path) : DONE;
    return socket.ok ? folder(certificates) : socket;
  };
  const place = (given: MasterPlace) => {
    if (given.source === 'file') return chosen.check('read', given.path);
    return given.source === 'nbd' ? pathsInNbdAddress(given.url) : DONE;
  };
  const location = (given: string) => (isRemote(given) ? DONE : chosen.check('read', given));
  return {
    'feeds.look': (feed) => location(feed.location),
    'feeds.add': (feed) => location(feed.location),
    'masters.add': (master) => place(master),
    'masters.relocate': ({ to }) => place(to),
    'machines.create': (machine) => folder(machine.folder),
    'disks.export': (target) => chosen.check('save', target.path),
    'preferences.set': ({ storageFolder, qemuFolder }) => {
      const allowed = folder(storageFolder);
      return allowed.ok ? folder(qemuFolder) : allowed;
    },
  };
}

type AnyHandler = (input: unknown) => Promise<Result<unknown>>;

/** `group.method` is what `services[group][method]` answers. The types of services say that all of them are there. */
function forwarded(services: AppServices, guards: Guards): Pick<RequestHandlers, ServiceRequest> {
  const handlers: Record<string, AnyHandler> = {};
  for (const name of Object.keys(REQUESTS)) {
    const [group = '', method = ''] = name.split('.');
    if (!isServiceGroup(group)) continue;
    const service = services[group] as unknown as Readonly<Record<string, AnyHandler | undefined>>;
    const answer = service[method];
    if (answer === undefined) continue; // the app's own
    const guard = guards[name as ServiceRequest] as ((input: unknown) => Result<void>) | undefined;
    handlers[name] = async (input) => {
      const allowed = guard?.(input) ?? DONE;
      return allowed.ok ? answer.call(service, input) : allowed;
    };
  }
  // The names were taken from the same table as the types; the compiler cannot follow that.
  return handlers as unknown as Pick<RequestHandlers, ServiceRequest>;
}

async function find<Item extends { readonly id: string }>(
  list: Promise<Result<Item[]>>,
  id: string,
  what: 'machine' | 'disk',
): Promise<Result<Item>> {
  const listed = await list;
  if (!listed.ok) return listed;
  const found = listed.value.find((item) => item.id === id);
  return found
    ? { ok: true, value: found }
    : err('not-found', `There is no ${what} ${id} any more.`, { words: [`${what}-gone`] });
}
