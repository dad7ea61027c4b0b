import path from 'node:path';
import { isRemote } from '../../storage/chain/location.ts';

/**
 * Where something lies that an image server names by its path.
 * @param base the folder that paths begin at
 * @returns null when it would lead to another server, or out of the folder
 */
export function placeWithin(base: string, name: string): string | null {
  if (!isRemote(base)) {
    if (isRemote(name)) return null;
    const file = path.resolve(base, name);
    return file.startsWith(path.resolve(base) + path.sep) ? file : null;
  }
  if (!URL.canParse(name, base)) return null;
  const url = new URL(name, base);
  return url.origin === new URL(base).origin ? url.href : null;
}
