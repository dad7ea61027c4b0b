import path from 'node:path';
import { dataFolder } from '../catalog/data-folder.ts';
import { packageRoot } from '../threads/worker-script.ts';

/** Where the set-up puts appliances it built, one folder each. */
export function appliancesFolder(): string {
  return path.join(packageRoot(), '.cache', 'appliances');
}

/** Where the set-up puts SeaBIOS. */
export function firmwareFolder(): string {
  return path.join(packageRoot(), '.cache', 'firmware');
}

/** Where what QEMU says is kept, one file for each overlay. */
export function logsFolder(): string {
  return path.join(dataFolder(), 'logs');
}

/** Where the user's own overlays live. */
export function overlaysFolder(): string {
  return path.join(dataFolder(), 'overlays');
}
