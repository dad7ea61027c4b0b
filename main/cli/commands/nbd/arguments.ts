import { DONE, err, ok, type Result } from '../../../../shared/result.ts';
import { DEFAULT_PORT } from '../../../block/nbd/protocol.ts';
import type { ListenAddress } from '../../../sockets/listen.ts';
import type { ImageFormat } from '../../../storage/chain/location.ts';
import { parseArguments } from '../../arguments/getopt.ts';
import { parseRate } from '../../arguments/rate.ts';
import { parseCredentials, parseModes, type DiskModes } from './disk-modes.ts';
import { checkPossible, OPTIONS, type OptionName } from './options.ts';
import { chooseFormat } from '../image/format-choice.ts';

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

/** @returns null when help was asked for */
export function parseNbdArguments(args: readonly string[]): Result<NbdArguments | null> {
  const parsed = parseArguments(args, OPTIONS);
  if (!parsed.ok) return parsed;
  const { options, operands } = parsed.value;
  const all = (name: OptionName) =>
    options.filter(({ spec }) => spec.long === name).map(({ value }) => value);
  const given = (name: OptionName) => all(name).at(-1);
  const has = (name: OptionName) => given(name) !== undefined;
  if (has('help')) return ok(null);
  const possible = checkPossible((name) => options.some(({ spec }) => spec.long === name));
  if (!possible.ok) return possible;
  const exports = exportsOf(operands, all('export'), given('export-name'), given('format'));
  if (!exports.ok) return exports;
  const port = wholeNumber('--port', given('port') ?? String(DEFAULT_PORT), 1, 65_535);
  if (!port.ok) return port;
  const shared = wholeNumber('--shared', given('shared') ?? '1', 0, 10_000);
  if (!shared.ok) return shared;
  const apart = has('socket') && (has('port') || has('bind'));
  const fits = apart ? err('invalid-argument', '--socket goes without --port and --bind') : DONE;
  if (!fits.ok) return fits;
  const speed = parseRate(given('speed') ?? 'off');
  if (!speed.ok) return speed;
  if (has('speed') && !has('stream')) return err('invalid-argument', '--speed goes with --stream');
  if (has('stream') && has('read-only')) {
    return err('invalid-argument', '--stream changes the image: it does not go with --read-only');
  }
  const modes = parseModes({
    cache: [...all('cache'), ...(has('nocache') ? ['none'] : [])],
    discard: given('discard'),
    detectZeroes: given('detect-zeroes'),
    aio: given('aio'),
    offset: given('offset'),
  });
  if (!modes.ok) return modes;
  const tls = tlsOf(given('tls'), all('object'), given('tls-creds'));
  if (!tls.ok) return tls;
  const socket = given('socket');
  return ok({
    exports: exports.value,
    description: given('description'),
    address:
      socket === undefined
        ? { kind: 'tcp', host: given('bind') ?? '127.0.0.1', port: port.value }
        : { kind: 'unix', path: socket },
    readOnly: has('read-only'),
    persistent: has('persistent'),
    shared: shared.value,
    pidFile: given('pid-file') ?? null,
    verbose: has('verbose'),
    streamSpeed: has('stream') ? speed.value : null,
    tls: tls.value,
    modes: modes.value,
    fork: has('fork'),
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
