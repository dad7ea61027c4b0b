import os from 'node:os';
import path from 'node:path';
import { packageRoot } from '../threads/worker-script.ts';

/** Where the set-up puts appliances it built, one folder each. */
export function appliancesFolder(): string {
  return path.join(packageRoot(), '.cache', 'appliances');
}

/** Where the set-up puts SeaBIOS. */
export function firmwareFolder(): string {
  return path.join(packageRoot(), '.cache', 'firmware');
}

/** Where the user's own overlays live, by the XDG base directory specification. */
export function overlaysFolder(): string {
  return path.join(xdgDataFolder(), 'overlays');
}

/** Where the desktop app keeps its catalog. */
export function dataFolder(platform: NodeJS.Platform = process.platform): string {
  if (platform === 'darwin') return path.join(os.homedir(), 'Library/Application Support/Headwater/data');
  if (platform === 'win32') return path.join(process.env['APPDATA'] ?? os.homedir(), 'Headwater', 'data');
  return xdgDataFolder();
}

function xdgDataFolder(): string {
  const data = process.env['XDG_DATA_HOME'] ?? path.join(os.homedir(), '.local', 'share');
  return path.join(data, 'headwater');
}
