import { err, ok, type Result } from '../../../../../shared/result.ts';
import type { Call } from '../call.ts';
import { cacheMode, type CacheMode } from '../disk/cache-mode.ts';
import type { DiskSettings } from '../disk/disk-settings.ts';
import { parseDriverOptions, type DriverOptions } from '../disk/driver-options.ts';
import type { IoDisk } from '../disk/io-disk.ts';
import type { IoCommand } from '../io-command.ts';

interface Changes {
  readonly readOnly?: boolean;
  readonly cache?: CacheMode;
  readonly driver: DriverOptions;
}

export const reopen: IoCommand = {
  name: 'reopen',
  synopsis: '[(-r|-w)] [-c cache] [-o options]',
  summary: 'reopens an image with new options',
  help: `
 Changes how the open image was opened: 'reopen -r' for reading only.
 -r, -- for reading only
 -w, -- for reading and writing
 -c, -- cache mode, as -t of open
 -o, -- read-only=, discard=, cache.direct=, cache.no-flush=
`,
  words: [0, null],
  needs: 'disk',
  async run(call, disk) {
    const changes = parse(call);
    if (changes === false) return false;
    const settings = changed(disk, changes);
    if (!settings.ok) return call.session.complain(settings.failure.message);
    return call.session.reopen(settings.value);
  },
};

function parse(call: Call): Changes | false {
  const { session } = call;
  let readOnly: boolean | undefined;
  let cache: CacheMode | null | undefined;
  let driverText: string | null = null;
  const options = call.scan('c:o:rw');
  for (const [letter, value] of options) {
    switch (letter) {
      case 'c':
        cache = cacheMode(value);
        if (cache === null) return session.complain(`Invalid cache option: ${value}`);
        break;
      case 'o':
        driverText = value;
        break;
      case 'r':
      case 'w':
        if (readOnly !== undefined) return session.complain('Only one -r/-w option may be given');
        readOnly = letter === 'r';
        break;
      default:
        return call.misused();
    }
  }
  if (options.operands.length > 0) return call.misused();
  const driver = parseDriverOptions(driverText, (message) => session.warn(message));
  if (!driver.ok) return session.complain(driver.failure.message);
  return { driver: driver.value, ...(readOnly !== undefined && { readOnly }), ...(cache && { cache }) };
}

/** The settings a disk would have after the changes; failures use QEMU's words. */
function changed(disk: IoDisk, { readOnly, cache, driver }: Changes): Result<DiskSettings> {
  const problem = (message: string) => err('invalid-argument', message);
  if (readOnly !== undefined && driver.readOnly !== undefined) {
    return problem("Cannot set both -r/-w and 'read-only'");
  }
  if (driver.readOnly === true && !disk.readOnly) {
    return problem(`Read-only block node '${disk.name}' cannot support read-write users`);
  }
  if (cache !== undefined && Object.keys(driver.cache).length > 0) {
    return problem('Cannot set both -c and the cache options');
  }
  if (driver.driver !== undefined && driver.driver !== disk.formatName) {
    return problem("Cannot change the option 'driver'");
  }
  const unknown = driver.unknown ?? (driver.fileName === undefined ? undefined : 'file.filename');
  if (unknown !== undefined) return problem(`Cannot change the option '${unknown}'`);
  const { settings } = disk;
  return ok({
    ...settings,
    readOnly: readOnly ?? driver.readOnly ?? settings.readOnly,
    discard: driver.discard ?? settings.discard,
    cache: { ...settings.cache, ...cache, ...driver.cache },
  });
}
