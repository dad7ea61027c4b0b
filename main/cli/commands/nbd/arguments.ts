import { DONE, err, ok, type Result } from '../../../../shared/result.ts';
import { DEFAULT_PORT } from '../../../block/nbd/protocol.ts';
import type { ListenAddress } from '../../../sockets/listen.ts';
import type { ImageFormat } from '../../../storage/chain/location.ts';
import type { CommandLine } from '../../arguments/command.ts';
import type { Given } from '../../arguments/given.ts';
import { parseRate } from '../../arguments/rate.ts';
import { parseCredentials, parseModes, type DiskModes } from './disk-modes.ts';
import { NBD_HELP } from './help.ts';
import { checkPossible, OPTIONS, type OptionName } from './options.ts';
import { chooseFormat } from '../image/format-choice.ts';
import { EXIT } from '../../terminal.ts';

export interface NbdExportArguments {
  readonly name: string;
  readonly image: string;
  readonly format: ImageFormat;
}

export interface NbdArguments {
  readonly exports: readonly NbdExportArguments[];
  readonly description: string | undefined;
  readonly address: ListenAddress;
  readonly readOnly: boolean;
  readonly persistent: boolean;
  /** Clients served at a time; 0 for any number. */
  readonly shared: number;
  readonly pidFile: string | null;
  readonly verbose: boolean;
  /** Bytes per second to stream with, 0 for no limit; null: nothing is streamed. */
  readonly streamSpeed: number | null;
  readonly tls: { readonly folder: string; readonly verifyClients: boolean } | null;
  readonly modes: DiskModes;
  /** Go on in the background. */
  readonly fork: boolean;
}

function parse(given: Given<OptionName>): Result<NbdArguments> {
  const possible = checkPossible((name) => given.has(name));
  if (!possible.ok) return possible;
  const exports = exportsOf(
    given.operands,
    given.all('export'),
    given.value('export-name'),
    given.value('format'),
  );
  if (!exports.ok) return exports;
  const port = wholeNumber('--port', given.value('port') ?? String(DEFAULT_PORT), 1, 65_535);
  if (!port.ok) return port;
  const shared = wholeNumber('--shared', given.value('shared') ?? '1', 0, 10_000);
  if (!shared.ok) return shared;
  const apart = given.has('socket') && (given.has('port') || given.has('bind'));
  const fits = apart ? err('invalid-argument', '--socket goes without --port and --bind') : DONE;
  if (!fits.ok) return fits;
  const speed = parseRate(given.value('speed') ?? 'off');
  if (!speed.ok) return speed;
  if (given.has('speed') && !given.has('stream'))
    return err('invalid-argument', '--speed goes with --stream');
  if (given.has('stream') && given.has('read-only')) {
    return err('invalid-argument', '--stream changes the image: it does not go with --read-only');
  }
  const modes = parseModes({
    cache: [...given.all('cache'), ...(given.has('nocache') ? ['none'] : [])],
    discard: given.value('discard'),
    detectZeroes: given.value('detect-zeroes'),
    aio: given.value('aio'),
    offset: given.value('offset'),
  });
  if (!modes.ok) return modes;
  const tls = tlsOf(given.value('tls'), given.all('object'), given.value('tls-creds'));
  if (!tls.ok) return tls;
  const socket = given.value('socket');
  return ok({
    exports: exports.value,
    description: given.value('description'),
    address:
      socket === undefined
        ? { kind: 'tcp', host: given.value('bind') ?? '127.0.0.1', port: port.value }
        : { kind: 'unix', path: socket },
    readOnly: given.has('read-only'),
    persistent: given.has('persistent'),
    shared: shared.value,
    pidFile: given.value('pid-file') ?? null,
    verbose: given.has('verbose'),
    streamSpeed: given.has('stream') ? speed.value : null,
    tls: tls.value,
    modes: modes.value,
    fork: given.has('fork'),
  });
}

function tlsOf(
  folder: string | undefined,
  objects: readonly string[],
  id: string | undefined,
): Result<NbdArguments['tls']> {
  const named = parseCredentials(objects, id);
  if (!named.ok || folder === undefined) return named;
  if (named.value !== null) return err('invalid-argument', '--tls goes without --tls-creds');
  return ok({ folder, verifyClients: false });
}

function exportsOf(
  images: readonly string[],
  named: readonly string[],
  exportName: string | undefined,
  format: string | undefined,
): Result<NbdExportArguments[]> {
  const [image, ...more] = images;
  const single = image !== undefined && more.length === 0 && named.length === 0;
  if (!single && (images.length > 0 || named.length === 0 || exportName !== undefined)) {
    return err('invalid-argument', 'give one image, or --export NAME=IMAGE for each (see --help)');
  }
  const pairs = single ? [`${exportName ?? ''}=${image}`] : named;
  const exports: NbdExportArguments[] = [];
  for (const pair of pairs) {
    const name = single ? (exportName ?? '') : pair.slice(0, Math.max(0, pair.indexOf('=')));
    const file = pair.slice(name.length + 1);
    if (!single && (!pair.includes('=') || file === '')) {
      return err('invalid-argument', `--export takes NAME=IMAGE, not '${pair}'`);
    }
    const choice = chooseFormat(file, format);
    if (!choice.ok) return choice;
    exports.push({ name, image: file, format: choice.value.format });
  }
  return ok(exports);
}

function wholeNumber(option: string, text: string, least: number, most: number): Result<number> {
  const value = /^\d+$/.test(text) ? Number(text) : NaN;
  if (value >= least && value <= most) return ok(value);
  return err('invalid-argument', `${option} takes a whole number from ${least} to ${most}, not '${text}'`);
}

export const NBD: CommandLine<OptionName, NbdArguments> = {
  name: 'nbd',
  help: NBD_HELP,
  options: OPTIONS,
  // As qemu-nbd, whose place it takes in scripts.
  misuseExit: EXIT.failed,
  parse,
};
