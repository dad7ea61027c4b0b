import { err, ok, type Result } from '../../../../shared/result.ts';
import { parseOptionString } from '../../arguments/option-string.ts';
import { cacheMode } from '../io/disk/cache-mode.ts';

/** How the disks behind a server treat what clients do, as qemu-nbd's options say. */
export interface DiskModes {
  /** Every write is durable before it is answered. */
  readonly writethrough: boolean;
  /** Flushes are answered and not done: data survives the program, not the machine. */
  readonly noFlush: boolean;
  readonly discards: boolean;
  /** Writes of nothing but zeroes are kept as zeroes. */
  readonly detectZeroes: boolean;
  /** Clients see the disk from there on. */
  readonly offsetBytes: number;
}

export interface GivenModes {
  readonly cache: readonly string[];
  readonly discard: string | undefined;
  readonly detectZeroes: string | undefined;
  readonly aio: string | undefined;
  readonly offset: string | undefined;
}

const DISCARD: ReadonlyMap<string, boolean> = new Map([
  ['ignore', false],
  ['off', false],
  ['unmap', true],
  ['on', true],
]);

/** Failures are in qemu-nbd's words. */
export function parseModes(given: GivenModes): Result<DiskModes> {
  const [cacheName = 'writeback', again] = given.cache;
  if (again !== undefined) return refused('-n and --cache can only be specified once');
  const cache = cacheMode(cacheName);
  if (cache === null) return refused(`Invalid cache mode \`${cacheName}'`);
  const discards = DISCARD.get(given.discard ?? 'unmap');
  if (discards === undefined) return refused(`Invalid discard mode \`${given.discard ?? ''}'`);
  const zeroes = given.detectZeroes ?? 'off';
  if (!['off', 'on', 'unmap'].includes(zeroes)) {
    return refused(`Failed to parse detect_zeroes mode: invalid parameter value: ${zeroes}`);
  }
  if (zeroes === 'unmap' && !discards) {
    return refused(
      'setting detect-zeroes to unmap is not allowed without setting discard operation to unmap',
    );
  }
  // How the system is asked for blocks cannot be told from outside.
  if (!['threads', 'native', 'io_uring'].includes(given.aio ?? 'threads')) {
    return refused(`Invalid aio mode '${given.aio ?? ''}'`);
  }
  const offset = given.offset ?? '0';
  const offsetBytes = /^\d+$/.test(offset) ? Number(offset) : NaN;
  if (!Number.isSafeInteger(offsetBytes)) return refused(`Invalid offset '${offset}'`);
  const { writethrough, noFlush } = cache;
  return ok({ writethrough, noFlush, discards, detectZeroes: zeroes !== 'off', offsetBytes });
}

/** The folder of X.509 credentials that `--object` describes and `--tls-creds` names; null where nothing asks for TLS. */
export function parseCredentials(
  objects: readonly string[],
  id: string | undefined,
): Result<{ readonly folder: string; readonly verifyClients: boolean } | null> {
  const known = new Map<string, ReadonlyMap<string, string>>();
  for (const text of objects) {
    const pairs = parseOptionString(text);
    if (!pairs.ok) return pairs;
    const [type, ...rest] = pairs.value;
    if (type?.key !== 'tls-creds-x509') {
      return refused(`--object ${text}: only tls-creds-x509 is known here`);
    }
    const properties = new Map(rest.map(({ key, value }) => [key, value]));
    known.set(properties.get('id') ?? '', properties);
  }
  if (id === undefined) return ok(null);
  const found = known.get(id);
  if (found === undefined) return refused(`Failed to get TLS creds: No TLS credentials with id '${id}'`);
  const folder = found.get('dir');
  if (folder === undefined) return refused("Missing 'dir' property value");
  if (found.get('endpoint') === 'client')
    return refused('Failed to get TLS creds: Expecting TLS credentials with a server endpoint');
  return ok({
    folder,
    verifyClients: found.get('verify-peer') !== 'off' && found.get('verify-peer') !== 'no',
  });
}

function refused(text: string): Result<never> {
  return err('invalid-argument', text);
}
