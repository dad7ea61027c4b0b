import path from 'node:path';
import { packageRoot } from '../threads/worker-script.ts';

/** What comes along with the app: made by the set-up in a checkout, part of a package. */
export interface Places {
  /** Built appliances, one folder each. */
  readonly appliances: string;
  /** SeaBIOS and its VGA BIOS. */
  readonly firmware: string;
}

/** @param resources the folder beside the archive of a packaged app, see `extraResources` in electron-builder.yml */
export function placesOf(app: { readonly isPackaged: boolean; readonly resources: string }): Places {
  const folder = app.isPackaged ? app.resources : path.join(packageRoot(), '.cache');
  return { appliances: path.join(folder, 'appliances'), firmware: path.join(folder, 'firmware') };
}
