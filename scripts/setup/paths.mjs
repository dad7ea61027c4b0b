// Where things are. Everything that set-up makes lies in node_modules/, dist/ or .cache/, all of which may be deleted.
import { join, resolve } from 'node:path';

export const ROOT = resolve(import.meta.dirname, '../..');
export const CACHE = join(ROOT, '.cache');
export const LOGS = join(CACHE, 'logs');
export const FIRMWARE = join(CACHE, 'firmware');
export const APPLIANCES = join(CACHE, 'appliances');
