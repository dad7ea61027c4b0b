import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { systemClock } from '../../shared/clock.ts';
import { Activities } from '../activities/activities.ts';
import { ImageInstalls } from '../appliances/image-installs.ts';
import { DEFAULT_CONNECTIONS } from '../block/remote/connections.ts';
import type { Catalog } from '../catalog/catalog.ts';
import { dataFolder } from '../catalog/data-folder.ts';
import { ImageTasks } from '../storage/overlays/image-tasks-client.ts';
import { QemuImg } from '../storage/overlays/qemu-img.ts';
import { TokenBucket } from '../streaming/limits/token-bucket.ts';
import { StatusLine } from './display/status-line.ts';
import type { Terminal } from './terminal.ts';

/** Fetches images for a command, with their progress on the terminal. */
export function imageDesk(terminal: Terminal, catalog: Catalog) {
  const line = new StatusLine(terminal, systemClock);
  const tasks = new ImageTasks();
  const activities = new Activities({
    newId: () => randomBytes(8).toString('hex'),
    changed: ({ name, fraction }) => {
      if (fraction !== null) line.show(`fetching ${name}: ${(fraction * 100).toFixed(1)} %`);
    },
    removed: () => line.finish(),
  });
  const unlimited = new TokenBucket(systemClock, 0);
  const folder = dataFolder();
  const images = new ImageInstalls({
    catalog,
    tasks,
    qemuImg: new QemuImg(),
    activities,
    mastersFolder: path.join(folder, 'masters'),
    downloadsFolder: path.join(folder, 'downloads'),
    globalLimit: () => unlimited.memory,
    connections: () => DEFAULT_CONNECTIONS,
    nowMs: Date.now,
    changed: () => undefined,
    notice: () => undefined,
  });
  const close = async () => {
    await activities.close();
    await tasks.close();
  };
  return { images, close };
}
