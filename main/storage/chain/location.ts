import fs from 'node:fs';
import path from 'node:path';
import { err, ok, type Result } from '../../../shared/result.ts';
import { isRemoteAddress } from '../../block/open-remote-source.ts';

/** Formats an image can have. Always said explicitly: contents are never probed (design §4, rule 8). */
export const IMAGE_FORMATS = ['raw', 'qed'] as const;
export type ImageFormat = (typeof IMAGE_FORMATS)[number];

export function isRemote(location: string): boolean {
  return isRemoteAddress(location);
}

/** A location as it may be shown: without the password that an address may carry. */
export function shownLocation(location: string): string {
  if (!/^https?:/i.test(location)) return location;
  try {
    const url = new URL(location);
    url.username = '';
    url.password = '';
    return url.href;
  } catch {
    return location;
  }
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
  if (isRemote(imageLocation))
    return URL.canParse(name, imageLocation) ? new URL(name, imageLocation).href : name;
  const file = localPath(name);
  if (path.isAbsolute(file)) return file;
  const image = localPath(imageLocation);
  return image.slice(0, image.lastIndexOf('/') + 1) + file;
}

/** What an image far away may have behind it: nothing of this computer's, which would reach whoever serves the image. */
const FAR_AWAY = /^(?:https?|nbds?):$/;

/**
 * As {@link resolveBacking}, for a name that was read from an image. Fails with `source-refused` where an image far
 * away names what is not far away as well, or what would be fetched less safely than itself.
 */
export function backingNamedBy(imageLocation: string, name: string): Result<string> {
  const location = resolveBacking(imageLocation, name);
  if (!isRemote(imageLocation)) return ok(location);
  const protocol = URL.canParse(location) ? new URL(location).protocol : '';
  const lessSafe = new URL(imageLocation).protocol === 'https:' && protocol === 'http:';
  if (FAR_AWAY.test(protocol) && !lessSafe) return ok(location);
  return err(
    'source-refused',
    `'${imageLocation}' names ${JSON.stringify(name)} as its backing file, which an image there may not`,
  );
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
