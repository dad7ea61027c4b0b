import { err, ok, type Result } from '../../../../../shared/result.ts';
import type { Call } from '../call.ts';
import { DEFAULT_SETTINGS, type DiskSettings } from '../disk/disk-settings.ts';
import { parseDriverOptions, type DriverOptions } from '../disk/driver-options.ts';
import { withOption } from '../disk/settings-options.ts';
import type { IoCommand } from '../io-command.ts';

export const open: IoCommand = {
  name: 'open',
  alias: 'o',
  synopsis: '[-rsCnkU] [-t cache] [-d discard] [-o options] [path]',
  summary: 'open the file specified by path',
  help: `
 Opens an image for the commands that follow: 'open -o driver=qed disk.qed'.
 Without a driver, names that end in .qed are QED images, all others raw.
 -r, -- for reading only
 -s, -- write to a temporary overlay that is gone after close
 -C, -- store what is read from the backing file
 -n, -- short for -t none
 -U, -- also while others write it (with -r)
 -k, -- short for -i native
 -i, -- AIO mode: threads, native or io_uring (makes no difference here)
 -t, -- cache mode: none, writeback, writethrough, directsync or unsafe
 -d, -- discard mode: unmap or ignore
 -o, -- driver=, read-only=, discard=, cache.direct=, cache.no-flush=,
        file.filename=
`,
  words: [1, null],
  needs: 'nothing',
  async run(call) {
    const settings = parse(call);
    return settings !== false && call.session.open(settings);
  },
};

function parse(call: Call): DiskSettings | false {
  const { session } = call;
  let settings = DEFAULT_SETTINGS;
  let driverText: string | null = null;
  const options = call.scan('Cd:i:kno:rst:U');
  for (const [letter, value] of options) {
    if (letter === '?') return call.misused();
    if (letter === 'o') driverText = value;
    const changed = withOption(settings, letter, value);
    if (typeof changed === 'string') return session.complain(changed);
    settings = changed;
  }
  const [path, ...rest] = options.operands;
  if (rest.length > 0) return call.misused();
  const driver = parseDriverOptions(driverText, (message) => session.warn(message));
  const complete = driver.ok ? withDriver(settings, driver.value, path ?? null) : driver;
  return complete.ok ? complete.value : session.cannotOpen(path ?? null, complete.failure.message);
}

/** Failures use QEMU's words. */
function withDriver(
  settings: DiskSettings,
  options: DriverOptions,
  path: string | null,
): Result<DiskSettings> {
  const { driver, fileName, unknown } = options;
  const problem = (message: string) => err('invalid-argument', message);
  if (path !== null && fileName !== undefined) {
    return problem("Can't specify 'file' and 'filename' options at the same time");
  }
  const location = path ?? fileName ?? null;
  if (location === null && driver !== undefined) {
    return problem('A block device must be specified for "file"');
  }
  if (unknown !== undefined) {
    const format = driver ?? (location?.toLowerCase().endsWith('.qed') ? 'qed' : 'raw');
    return problem(`Block format '${format}' does not support the option '${unknown}'`);
  }
  if (options.readOnly === true && !settings.readOnly) return problem('Block node is read-only');
  return ok({
    ...settings,
    location,
    format: driver,
    readOnly: options.readOnly ?? settings.readOnly,
    discard: options.discard ?? settings.discard,
    cache: { ...settings.cache, ...options.cache },
  });
}
