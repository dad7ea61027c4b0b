import fs from 'node:fs';
import path from 'node:path';
import { systemClock } from '../../shared/clock.ts';
import type { Result } from '../../shared/result.ts';
import { ApplianceService } from '../appliances/appliance-service.ts';
import { LocalFeedReader } from '../feeds/feed-reader.ts';
import { FeedService } from '../feeds/feed-service.ts';
import type { ImageInstalls } from '../appliances/image-installs.ts';
import { PublishedBoots } from '../appliances/published-boots.ts';
import { Catalog } from '../catalog/catalog.ts';
import { newCatalogId } from '../catalog/catalog-id.ts';
import { dataFolder } from '../catalog/data-folder.ts';
import type { Master } from '../catalog/tables/masters.ts';
import { enterMaster } from '../masters/enter-master.ts';
import type { PlaceFacts } from '../masters/place-facts.ts';
import { PreferencesService } from '../preferences/preferences-service.ts';
import { fetchBootProfile } from '../storage/chain/published-boot.ts';
import { QemuHost } from '../machines/qemu/host.ts';
import { emulatorName } from '../machines/v86/emulator-name.ts';
import { imageDesk } from './image-desk.ts';
import { appliancesFolder } from './places.ts';
import type { Terminal } from './terminal.ts';

/** The app's own catalog, and what of the app's services commands use. */
export interface CatalogServices {
  readonly feeds: FeedService;
  readonly appliances: ApplianceService;
  readonly boots: PublishedBoots;
  readonly images: ImageInstalls;
  /** Enters a master that nobody published. */
  readonly enter: (name: string, facts: PlaceFacts) => Result<Master>;
}

/** Whether the app, or a command, has made a catalog yet. */
export function hasCatalog(): boolean {
  return fs.existsSync(catalogFile());
}

/**
 * Works with the catalog of the app. One program has it at a time: while the app runs this fails with `busy`, and the
 * app cannot start while a command is at work.
 */
export async function withCatalog<T>(
  terminal: Terminal,
  work: (services: CatalogServices) => Promise<Result<T>>,
): Promise<Result<T>> {
  const opened = Catalog.open(catalogFile(), { nowMs: Date.now });
  if (!opened.ok) return opened;
  const catalog = opened.value;
  const say = (text: string) => terminal.err(`headwater: ${text}\n`);
  const feeds = new FeedService({
    catalog,
    clock: systemClock,
    reader: new LocalFeedReader(systemClock),
    nowMs: Date.now,
    metered: () => false,
    changed: () => undefined,
    notice: ({ text }) => say(text),
    warn: say,
  });
  const { images, close: closeImages } = imageDesk(terminal, catalog);
  const appliances = new ApplianceService({
    catalog,
    clock: systemClock,
    recipesFolder: appliancesFolder(),
    feeds,
    nowMs: Date.now,
    isBeingImported: () => false,
    installed: () => undefined,
    emulator: emulatorName(),
    images,
    qemu: new QemuHost(),
  });
  const boots = new PublishedBoots({
    catalog,
    nowMs: Date.now,
    fetch: (published) => fetchBootProfile(published, systemClock),
    learned: () => undefined,
    warn: say,
  });
  const enter = (name: string, facts: PlaceFacts) => {
    const preferences = PreferencesService.open({ catalog, publish: () => undefined });
    if (!preferences.ok) return preferences;
    const { defaultMemoryMiB } = preferences.value.current;
    const entry = { catalog, nowMs: Date.now, newId: newCatalogId, defaultMemoryMiB: () => defaultMemoryMiB };
    return enterMaster(entry, name, facts, 'ready');
  };
  const stop = () => {
    void feeds.close();
    void closeImages();
  };
  terminal.interrupted.addEventListener('abort', stop);
  try {
    const begun = feeds.open();
    const listed = begun.ok ? await feeds.whenRead() : begun;
    return listed.ok ? await work({ feeds, appliances, boots, images, enter }) : listed;
  } finally {
    terminal.interrupted.removeEventListener('abort', stop);
    await feeds.close();
    await closeImages();
    const closed = catalog.close();
    if (!closed.ok) say(closed.failure.message);
  }
}

function catalogFile(): string {
  return path.join(dataFolder(), 'catalog.db');
}
