import { DONE, err, type Result } from '../../../../shared/result.ts';
import type { OptionSpec } from '../../arguments/getopt.ts';

const flag = <L extends string>(long: L, short?: string) => spec(long, 'none', short);
const value = <L extends string>(long: L, short?: string) => spec(long, 'required', short);

function spec<L extends string>(long: L, argument: OptionSpec['argument'], short: string | undefined) {
  return { long, argument, ...(short !== undefined && { short }) };
}

/** qemu-nbd's options that are done here. */
const OF_QEMU_NBD = [
  value('format', 'f'),
  value('socket', 'k'),
  value('bind', 'b'),
  value('port', 'p'),
  value('export-name', 'x'),
  value('description', 'D'),
  flag('read-only', 'r'),
  flag('persistent', 't'),
  value('shared', 'e'),
  flag('fork'),
  value('pid-file'),
  value('offset', 'o'),
  flag('nocache', 'n'),
  value('cache'),
  value('discard'),
  value('detect-zeroes'),
  value('aio'),
  flag('allocation-depth', 'A'),
  value('object'),
  value('tls-creds'),
  flag('verbose', 'v'),
];

const OWN = [value('export'), flag('stream'), value('speed'), value('tls')];

/** qemu-nbd's options that are not done here, with what to do instead. */
const NOT_DONE = [
  {
    ...flag('image-opts'),
    instead: 'driver options are not taken: name the image, and its format with --format',
  },
  {
    ...flag('snapshot', 's'),
    instead: 'make an overlay and serve that: headwater image create -f qed -b IMAGE -F FORMAT OVERLAY',
  },
  { ...value('load-snapshot', 'l'), instead: 'QED and raw images have no internal snapshots' },
  { ...value('bitmap', 'B'), instead: 'QED and raw images have no bitmaps' },
  { ...flag('list', 'L'), instead: 'use nbdinfo --list, of libnbd-bin' },
  { ...value('connect', 'c'), instead: 'attach kernel devices with nbd-client -unix SOCKET /dev/nbdN' },
  { ...flag('disconnect', 'd'), instead: 'detach kernel devices with nbd-client -d /dev/nbdN' },
  { ...value('tls-authz'), instead: 'clients are told apart by their certificates alone' },
];

export const OPTIONS = [...OF_QEMU_NBD, ...OWN, ...NOT_DONE];
export type OptionName = (typeof OPTIONS)[number]['long'];

/** Refuses what cannot be done. */
export function checkPossible(isGiven: (name: OptionName) => boolean): Result<void> {
  const asked = NOT_DONE.find(({ long }) => isGiven(long));
  return asked === undefined
    ? DONE
    : err('invalid-argument', `--${asked.long} is not done here: ${asked.instead}`);
}
