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
  const data = process.env['XDG_DATA_HOME'] ?? path.join(os.homedir(), '.local', 'share');
  return path.join(data, 'headwater', 'overlays');
}
