import fs from 'node:fs';
import path from 'node:path';
import { app } from 'electron';
import { z } from 'zod';
import { jsonOf } from '../../shared/json.ts';
import { ok, type Result } from '../../shared/result.ts';
import { CatalogPages } from '../appliances/catalog-pages.ts';
import type { Catalog } from '../catalog/catalog.ts';
import { MachineConsoles } from '../machines/consoles/machine-consoles.ts';
import { machineLog, machineMaker } from '../machines/make-machine.ts';
import { QemuHost } from '../machines/qemu/host.ts';
import { openBackEnd } from './back-end.ts';
import type { Log } from './log.ts';
import { Monitors } from './monitors.ts';
import { placesOf } from './places.ts';
import type { OpenServices } from './services.ts';
import type { WindowStateStore } from './windows/window-state.ts';

/** The services of the product. What is missing here is answered with `unsupported`. */
export const openServices: OpenServices = async ({ publish, log, clock, dataFolder }) => {
  const places = placesOf({ isPackaged: app.isPackaged, resources: process.resourcesPath });
  const qemu = new QemuHost();
  const logsFolder = path.join(dataFolder, 'logs');
  const opened = await openBackEnd({
    publish,
    clock,
    dataFolder,
    warn: (text) => log.warn(text),
    recipesFolder: places.appliances,
    qemu,
    makeMachine: machineMaker({
      qemu,
      firmwareFolder: places.firmware,
      logsFolder,
    }),
  });
  if (!opened.ok) return opened;
  const {
    catalog,
    appliances,
    masters,
    feeds,
    activities,
    journal,
    disks,
    machines,
    preferences,
    ownFiles,
    close,
  } = opened.value;
  machines.on('removed', ({ id }) => fs.rmSync(machineLog(logsFolder, id), { force: true }));
  const monitors = new Monitors({
    machines,
    disks,
    clock,
    nowMs: Date.now,
    version: app.getVersion(),
    folder: path.join(dataFolder, 'qmp'),
    quit: () => app.quit(),
    warn: (text) => log.warn(text),
  });
  preferences.onChange(({ qmpSockets }) => void monitors.setEnabled(qmpSockets));
  await monitors.setEnabled(preferences.current.qmpSockets);
  const pages = new CatalogPages(() => appliances.list());
  return ok({
    catalog: {
      list: (place) => pages.page(place),
      install: (input) => appliances.install(input),
    },
    masters,
    feeds,
    activities,
    notices: journal,
    disks,
    machines,
    consoles: new MachineConsoles(machines),
    preferences,
    refuseTarget: (file) => ownFiles.refuse(file),
    windowStates: windowStatesIn(catalog, log),
    machinesRunning: () => machines.runningCount,
    saveMachines: () => machines.suspendAll(),
    streamsRunning: () => disks.streamingCount,
    close: async () => {
      await monitors.close();
      await close();
    },
  });
};

const windowStateSchema = z.object({
  x: z.number(),
  y: z.number(),
  width: z.number(),
  height: z.number(),
  maximised: z.boolean(),
});

/** A window that cannot be put where it was is put where windows begin. */
function windowStatesIn(catalog: Catalog, log: Log): WindowStateStore {
  const heard = <T>(result: Result<T>): T | null => {
    if (result.ok) return result.value;
    log.warn(result.failure.message);
    return null;
  };
  return {
    load(key) {
      const text = heard(catalog.read(({ windows }) => windows.find(key)));
      const state = windowStateSchema.safeParse(text === null ? null : jsonOf(text));
      return state.success ? state.data : null;
    },
    save(key, state) {
      heard(catalog.note(({ windows }) => windows.put(key, JSON.stringify(state))));
    },
  };
}
