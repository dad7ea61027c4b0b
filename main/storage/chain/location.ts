import fs from 'node:fs';
import path from 'node:path';
import { isRemoteAddress } from '../../block/remote-source.ts';

/** Formats an image can have. Always said explicitly: contents are never probed (design §4, rule 8). */
export const IMAGE_FORMATS = ['raw', 'qed'] as const;
export type ImageFormat = (typeof IMAGE_FORMATS)[number];

export function isRemote(location: string): boolean {
  return isRemoteAddress(location);
}

/** The path a location names: `file:` in front is allowed, as in QEMU. */
export function localPath(location: string): string {
  return location.startsWith('file:') ? location.slice('file:'.length) : location;
}

/**
 * Where the backing file `name`, as stored in the image at `imageLocation`, is to be found. Relative names are put
 * behind the image's folder as they are, as QEMU does: what `link/../base` means is for the system to say.
 */
export function resolveBacking(imageLocation: string, name: string): string {
  if (isRemote(name)) return name;
  if (isRemote(imageLocation)) return new URL(name, imageLocation).href;
  const file = localPath(name);
  if (path.isAbsolute(file)) return file;
  const image = localPath(imageLocation);
  return image.slice(0, image.lastIndexOf('/') + 1) + file;
}

/**
 * One text for every way to reach the same file, hard links and mounts included: for telling loops, and targets from
 * sources. Missing files are told apart by their names.
 */
export function identityOf(location: string): string {
  if (isRemote(location)) return location;
  try {
    const { dev, ino } = fs.statSync(localPath(location), { bigint: true });
    return `${dev}:${ino}`;
  } catch {
    return path.resolve(localPath(location));
  }
}
