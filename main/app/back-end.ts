/** Wires the catalog, the preferences, disks, machines and appliances together. Knows no Electron. */
import path from 'node:path';
import { ok, type Err, type Result } from '../../shared/result.ts';
import type { Activities } from '../activities/activities.ts';
import { listedImages } from '../appliances/candidates.ts';
import type { ApplianceService } from '../appliances/appliance-service.ts';
import { Catalog } from '../catalog/catalog.ts';
import type { DiskService } from '../disks/disk-service.ts';
import type { OwnFiles } from '../disks/own-files.ts';
import type { Journal } from '../disks/journal.ts';
import type { FeedService } from '../feeds/feed-service.ts';
import type { MachineService } from '../machines/service/machine-service.ts';
import type { MasterService } from '../masters/master-service.ts';
import type { PreferencesService } from '../preferences/preferences-service.ts';
import { openFoundation, type Foundation } from './back-end/foundation.ts';
import { wireMachinery, type Machinery } from './back-end/machinery.ts';
import type { BackEndOptions } from './back-end/options.ts';
import { openOrigins, type Origins } from './back-end/origins.ts';

export type { BackEndOptions } from './back-end/options.ts';

/** The services behind the windows, open. */
export interface BackEnd {
  readonly catalog: Catalog;
  readonly preferences: PreferencesService;
  readonly appliances: ApplianceService;
  readonly masters: MasterService;
  readonly feeds: FeedService;
  readonly activities: Activities;
  /** What happened, and what the user was told of it. */
  readonly journal: Journal;
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
  const wired = wire(options, catalog);
  if (!wired.ok) return giveUp(wired);
  const started = await start(wired.value);
  if (!started.ok) return giveUp(started);
  const { preferences, activities, journal, ownFiles, appliances, masters, feeds, disks, machines } =
    wired.value;
  const services = {
    preferences,
    activities,
    journal,
    ownFiles,
    appliances,
    masters,
    feeds,
    disks,
    machines,
  };
  return ok({ ...services, catalog, close: () => close(wired.value) });
}

type Wired = Foundation & Origins & Machinery;

/** Everything, from what stands on nothing to what stands on all. Who needs what is made later is given a way to it. */
function wire(options: BackEndOptions, catalog: Catalog): Result<Wired> {
  const foundation = openFoundation(options, catalog, {
    moveStorage: (folder) => machinery.disks.moveStorage(folder),
  });
  if (!foundation.ok) return foundation;
  const base = foundation.value;
  const origins = openOrigins(base, options, {
    removeCopy: (id) => machinery.copies.remove(id),
    whileUnread: (id, work) => machinery.disks.whileUnread(id, work),
    bootLearned: (masterId) => machinery.disks.bootKnown(masterId),
    globalLimit: () => machinery.disks.globalLimit,
    reclaim: () => void machinery.reclaim().then((done) => base.journal.report(done)),
  });
  if (!origins.ok) return origins;
  const machinery: Machinery = wireMachinery(base, options, origins.value.appliances);
  return ok({ ...base, ...origins.value, ...machinery });
}

async function start({ feeds, disks, machines, boots, images, reclaim, warn }: Wired): Promise<Result<void>> {
  const opened = feeds.open();
  if (!opened.ok) return opened;
  const started = await disks.start();
  if (!started.ok) return started;
  const tidied = machines.tidy();
  if (!tidied.ok) warn(tidied.failure.message);
  const reclaimed = await reclaim();
  if (!reclaimed.ok) warn(reclaimed.failure.message);
  void feeds.whenRead().then((read) => {
    // The first window does not wait for what feeds list; what was downloaded of it does.
    if (!read.ok) return;
    const swept = images.tidy(listedImages(feeds.subscriptions));
    if (!swept.ok) warn(swept.failure.message);
    feeds.start();
  });
  void boots.look();
  return started;
}

async function close({
  activities,
  machines,
  disks,
  feeds,
  tasks,
  bandwidth,
  catalog,
  warn,
}: Wired): Promise<void> {
  await activities.close();
  const outcomes = [await machines.close(), await disks.close()];
  await feeds.close();
  await tasks.close();
  bandwidth.stop();
  for (const outcome of [...outcomes, catalog.close()]) if (!outcome.ok) warn(outcome.failure.message);
}
