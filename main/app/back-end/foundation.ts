import path from 'node:path';
import type { Clock } from '../../../shared/clock.ts';
import type { Notice } from '../../../shared/ipc/notices.ts';
import { ok, type Result } from '../../../shared/result.ts';
import { Activities } from '../../activities/activities.ts';
import { newCatalogId } from '../../catalog/catalog-id.ts';
import type { Catalog } from '../../catalog/catalog.ts';
import { Journal } from '../../disks/journal.ts';
import { OwnFiles } from '../../disks/own-files.ts';
import { QemuHost } from '../../machines/qemu/host.ts';
import { emulatorName } from '../../machines/v86/emulator-name.ts';
import { Bandwidth } from '../../preferences/bandwidth.ts';
import { localTimeReader } from '../../preferences/local-time.ts';
import { PreferencesService } from '../../preferences/preferences-service.ts';
import { imageFiles, type ImageFiles } from '../../storage/overlays/image-files.ts';
import { ImageTasks } from '../../storage/overlays/image-tasks-client.ts';
import { QemuImg } from '../../storage/overlays/qemu-img.ts';
import type { Publish } from '../services.ts';
import type { BackEndOptions } from './options.ts';

/** What all services stand on. */
export interface Foundation {
  readonly catalog: Catalog;
  readonly clock: Clock;
  readonly nowMs: () => number;
  readonly newId: () => string;

  readonly publish: Publish;
  readonly notice: (told: Notice) => void;
  readonly warn: (text: string) => void;
  /** Windows are to look at what machines can be made from. */
  readonly catalogChanged: () => void;
  readonly journal: Journal;
  readonly activities: Activities;

  readonly files: ImageFiles;
  readonly ownFiles: OwnFiles;
  readonly tasks: ImageTasks;
  readonly qemuImg: QemuImg;
  readonly qemu: QemuHost;
  /** Name and version of what can go on from saved states. */
  readonly emulator: string;

  readonly preferences: PreferencesService;
  readonly bandwidth: Bandwidth;
  readonly defaultFolder: string;
  readonly storageFolder: () => string;
  readonly connections: () => number;
}

/** What is done about a changed preference by services that do not exist yet. */
interface Later {
  readonly moveStorage: (folder: string | null) => Promise<Result<void>>;
}

export function openFoundation(
  options: BackEndOptions,
  catalog: Catalog,
  { moveStorage }: Later,
): Result<Foundation> {
  const { publish, warn, clock, dataFolder, recipesFolder, nowMs = Date.now } = options;
  const opened = PreferencesService.open({
    catalog,
    publish,
    onDamage: (key) => warn(`The stored preference '${key}' cannot be used; its default counts`),
    moveStorage,
  });
  if (!opened.ok) return opened;
  const preferences = opened.value;
  const journal = new Journal({ catalog, nowMs, notice: (told) => publish('notice', told), warn });
  const defaultFolder = path.join(dataFolder, 'disks');
  return ok({
    catalog,
    clock,
    nowMs,
    newId: newCatalogId,
    publish,
    notice: (told) => journal.tell(told),
    warn,
    catalogChanged: () => publish('catalog.changed', null),
    journal,
    activities: new Activities({
      newId: newCatalogId,
      changed: (activity) => publish('activity.changed', activity),
      removed: (id) => publish('activity.removed', { id }),
    }),
    files: options.files ?? imageFiles,
    ownFiles: new OwnFiles({ catalog, places: [dataFolder, recipesFolder] }),
    tasks: new ImageTasks(),
    qemuImg: options.qemuImg ?? new QemuImg(),
    qemu: options.qemu ?? new QemuHost({ path: '' }),
    emulator: options.emulator ?? emulatorName(),
    preferences,
    bandwidth: bandwidthOf(preferences, options, nowMs),
    defaultFolder,
    storageFolder: () => preferences.current.storageFolder ?? defaultFolder,
    connections: () => preferences.current.connections,
  });
}

function bandwidthOf(
  preferences: PreferencesService,
  { clock, localTime = localTimeReader() }: BackEndOptions,
  nowMs: () => number,
): Bandwidth {
  const bandwidth = new Bandwidth(preferences.current, { clock, nowMs, localTime });
  preferences.onChange((changed) => bandwidth.setPreferences(changed));
  return bandwidth;
}
