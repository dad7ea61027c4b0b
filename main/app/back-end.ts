/** Wires the catalog, the preferences, disks, machines and appliances together. Knows no Electron. */
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import type { Clock } from '../../shared/clock.ts';
import type { Notice } from '../../shared/ipc/notices.ts';
import { ok, type Err, type Result } from '../../shared/result.ts';
import { Activities } from '../activities/activities.ts';
import { ApplianceService } from '../appliances/appliance-service.ts';
import { FeedService } from '../feeds/feed-service.ts';
import { threadFeedReader } from '../feeds/thread/feed-thread.ts';
import { MasterImports } from '../masters/master-imports.ts';
import { MasterService } from '../masters/master-service.ts';
import { PublishedBoots } from '../appliances/published-boots.ts';
import { Catalog } from '../catalog/catalog.ts';
import { DiskService } from '../disks/disk-service.ts';
import { Journal } from '../disks/journal.ts';
import type { OpenDisk } from '../disks/opened-disk.ts';
import { OwnFiles } from '../disks/own-files.ts';
import { MasterCopies } from '../disks/master-copies.ts';
import { OneAtATime } from '../../shared/one-at-a-time.ts';
import { InstantStates } from '../machines/service/instant-states.ts';
import { MachineService, type MachineServiceParts } from '../machines/service/machine-service.ts';
import { emulatorName } from '../machines/v86/emulator-name.ts';
import { Bandwidth } from '../preferences/bandwidth.ts';
import { localTimeReader, type LocalTime } from '../preferences/local-time.ts';
import { PreferencesService } from '../preferences/preferences-service.ts';
import { DiskThread } from '../storage/disk/disk-thread.ts';
import { imageFiles, type ImageFiles } from '../storage/overlays/image-files.ts';
import { ImageTasks } from '../storage/overlays/image-tasks-client.ts';
import { QemuImg } from '../storage/overlays/qemu-img.ts';
import type { Publish } from './services.ts';

export interface BackEndOptions {
  readonly publish: Publish;
  /** For what nobody can be told otherwise. */
  readonly warn: (text: string) => void;
  readonly clock: Clock;
  /** Where the catalog and, unless the user chose another place, disks lie. */
  readonly dataFolder: string;
  /** Where set-up puts the appliances it builds. */
  readonly recipesFolder: string;
  readonly makeMachine: MachineServiceParts['makeMachine'];
  /** Milliseconds since 1970. */
  readonly nowMs?: () => number;
  readonly localTime?: (nowMs: number) => LocalTime;
  readonly openDisk?: OpenDisk;
  readonly files?: ImageFiles;
  readonly qemuImg?: QemuImg;
  /** Name and version of what can go on from saved states. */
  readonly emulator?: string;
}

/** The services behind the windows, open. */
export interface BackEnd {
  readonly catalog: Catalog;
  readonly preferences: PreferencesService;
  readonly appliances: ApplianceService;
  readonly masters: MasterService;
  readonly feeds: FeedService;
  readonly activities: Activities;
  readonly disks: DiskService;
  readonly machines: MachineService;
  readonly ownFiles: OwnFiles;
  /** Powers machines off, writes everything down, ends every thread. */
  readonly close: () => Promise<void>;
}

/**
 * Opens the catalog, finishes what a crash cut off, and lets the disks stream that should. Fails as
 * {@link Catalog.open} does, with nothing changed.
 */
export async function openBackEnd(options: BackEndOptions): Promise<Result<BackEnd>> {
  const { warn, dataFolder, nowMs = Date.now } = options;
  const opened = Catalog.open(path.join(dataFolder, 'catalog.db'), { nowMs });
  if (!opened.ok) return opened;
  const catalog = opened.value;
  const giveUp = (failed: Err): Err => {
    const closed = catalog.close();
    if (!closed.ok) warn(closed.failure.message);
    return failed;
  };
  const wired = wire(options, catalog, nowMs);
  if (!wired.ok) return giveUp(wired);
  const { services, bandwidth, tasks, boots, catalogChanged } = wired.value;
  const { feeds, activities, disks, machines } = services;
  const listed = await feeds.open();
  if (!listed.ok) return giveUp(listed);
  const started = await disks.start();
  if (!started.ok) return giveUp(started);
  const tidied = machines.tidy();
  if (!tidied.ok) warn(tidied.failure.message);
  const close = async () => {
    await activities.close();
    const outcomes = [await machines.close(), await disks.close()];
    await feeds.close();
    await tasks.close();
    bandwidth.stop();
    for (const outcome of [...outcomes, catalog.close()]) if (!outcome.ok) warn(outcome.failure.message);
  };
  catalogChanged();
  feeds.start();
  void boots.look();
  return ok({ ...services, catalog, close });
}

interface Wired {
  readonly services: Omit<BackEnd, 'close' | 'catalog'>;
  readonly bandwidth: Bandwidth;
  readonly tasks: ImageTasks;
  readonly boots: PublishedBoots;
  readonly catalogChanged: () => void;
}

function wire(options: BackEndOptions, catalog: Catalog, nowMs: () => number): Result<Wired> {
  const { publish, warn, clock, dataFolder, recipesFolder, makeMachine } = options;
  const defaultFolder = path.join(dataFolder, 'disks');
  const notice = (told: Notice) => publish('notice', told);
  const journal = new Journal({ catalog, nowMs, notice, warn });

  const read = PreferencesService.open({
    catalog,
    publish,
    onDamage: (key) => warn(`The stored preference '${key}' cannot be used; its default counts`),
    moveStorage: (folder) => disks.moveStorage(folder),
  });
  if (!read.ok) return read;
  const preferences = read.value;
  const bandwidth = new Bandwidth(preferences.current, {
    clock,
    nowMs,
    localTime: options.localTime ?? localTimeReader(),
  });
  preferences.onChange((changed) => bandwidth.setPreferences(changed));

  const tasks = new ImageTasks();
  const qemuImg = options.qemuImg ?? new QemuImg();
  const files = options.files ?? imageFiles;
  const emulator = options.emulator ?? emulatorName();
  const storageFolder = () => preferences.current.storageFolder ?? defaultFolder;
  const ownFiles = new OwnFiles({ catalog, places: [dataFolder, recipesFolder] });
  const shared = { catalog, files, journal, nowMs, storageFolder };

  const activities = new Activities({
    newId,
    changed: (activity) => publish('activity.changed', activity),
    removed: (id) => publish('activity.removed', { id }),
  });
  const catalogChanged = () => publish('catalog.changed', null);
  const imports = new MasterImports({
    catalog,
    qemuImg,
    newId,
    activities,
    notice,
    mastersFolder: path.join(dataFolder, 'masters'),
    changed: catalogChanged,
  });
  const recovered = imports.recover();
  if (!recovered.ok) return recovered;
  const masters = new MasterService({
    catalog,
    tasks,
    imports,
    removeCopy: (id) => copies.remove(id),
    activities,
    clock,
    nowMs,
    newId,
    defaultMemoryMiB: () => preferences.current.defaultMemoryMiB,
    changed: catalogChanged,
  });
  const feeds: FeedService = new FeedService({
    catalog,
    clock,
    reader: threadFeedReader,
    nowMs,
    notice,
    warn,
    metered: () => preferences.current.metered,
    changed: () => {
      publish('feeds.changed', feeds.views);
      catalogChanged();
      void boots.look();
    },
  });
  const isBeingImported = (id: string) => activities.isUnderWay('import', id);
  const boots: PublishedBoots = new PublishedBoots({
    catalog,
    nowMs,
    fetch: (published) => tasks.run('bootProfile', published),
    learned: (masterId) => disks.bootKnown(masterId),
    warn,
  });
  const installed = () => void boots.look();
  const appliances = new ApplianceService({
    catalog,
    clock,
    recipesFolder,
    feeds,
    nowMs,
    isBeingImported,
    installed,
    emulator,
  });

  const disks: DiskService = new DiskService({
    ...shared,
    ownFiles,
    activities,
    clock,
    tasks,
    qemuImg,
    bandwidth,
    defaultFolder,
    open: options.openDisk ?? ((spec, listen) => DiskThread.open(spec, listen)),
    connections: () => preferences.current.connections,
    parallelStreams: () => preferences.current.parallelStreams,
    changed: (disk) => {
      publish('disk.changed', disk);
      machines.diskChanged(disk.machineId);
    },
    removed: (id) => publish('disk.removed', { id }),
    usersChanged: () => {
      publish('masters.changed', null);
      void copies.tidy();
    },
    bootLearned: catalogChanged,
  });
  preferences.onChange(() => {
    disks.recountTurns();
    void copies.tidy();
  });
  const instantStates = new InstantStates({
    folder: path.join(dataFolder, 'states'),
    emulator,
    clock,
    tasks,
    globalLimit: () => disks.globalLimit,
    connections: () => preferences.current.connections,
  });
  const removeUnused = () => preferences.current.removeUnusedCopies;
  const copyWork = new OneAtATime();
  const copies = new MasterCopies({ ...shared, disks, copyWork, removeUnused });
  const machines: MachineService = new MachineService({
    ...shared,
    disks,
    appliances,
    copyWork,
    instantStates,
    newId,
    makeMachine,
    changed: (machine) => publish('machine.changed', machine),
    removed: (id) => publish('machine.removed', { id }),
  });
  return ok({
    services: { preferences, appliances, masters, feeds, activities, disks, machines, ownFiles },
    bandwidth,
    tasks,
    boots,
    catalogChanged,
  });
}

function newId(): string {
  return randomBytes(8).toString('hex');
}
