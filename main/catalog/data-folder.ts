import os from 'node:os';
import path from 'node:path';

/**
 * Where the catalog, disks and overlays lie unless the user chose another place: for the app and the command. On Linux by
 * the XDG base directory specification.
 */
export function dataFolder(
  platform: NodeJS.Platform = process.platform,
  environment: NodeJS.ProcessEnv = process.env,
  home = os.homedir(),
): string {
  if (platform === 'darwin') return path.join(home, 'Library/Application Support/Headwater/data');
  if (platform === 'win32') {
    return path.join(environment['APPDATA'] ?? path.join(home, 'AppData/Roaming'), 'Headwater/data');
  }
  return path.join(environment['XDG_DATA_HOME'] || path.join(home, '.local/share'), 'headwater');
}
