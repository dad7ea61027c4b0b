import { err, ok, type Result } from '../../../../../shared/result.ts';
import { parseOptionString } from '../../../arguments/option-string.ts';
import type { CacheMode } from './cache-mode.ts';
import { discardMode } from './disk-settings.ts';

/** What `-o` of `open` and `reopen` can say. */
export interface DriverOptions {
  readonly driver?: string;
  readonly fileName?: string;
  readonly readOnly?: boolean;
  readonly discard?: boolean;
  /** The parts of the cache mode that were given. */
  readonly cache: Partial<CacheMode>;
  /** The first key that means nothing to us. */
  readonly unknown?: string;
}

const BOOLEANS: Readonly<Record<string, boolean>> = {
  on: true,
  yes: true,
  true: true,
  y: true,
  off: false,
  no: false,
  false: false,
  n: false,
};

/**
 * Reads `-o key=value,...`, or nothing where it was not given; failures use QEMU's words.
 * @param warn is told of words without a value
 */
export function parseDriverOptions(
  text: string | null,
  warn: (message: string) => void,
): Result<DriverOptions> {
  const pairs = text === null ? ok([]) : parseOptionString(text);
  if (!pairs.ok) return pairs;
  let options: DriverOptions = { cache: {} };
  for (const { key, value, bare } of pairs.value) {
    if (bare) warn(`short-form boolean option '${key}' deprecated\nPlease use ${key}=${value} instead`);
    const applied = apply(options, key, value);
    if (!applied.ok) return applied;
    options = applied.value;
  }
  return ok(options);
}

function apply(options: DriverOptions, key: string, value: string): Result<DriverOptions> {
  switch (key) {
    case 'driver':
      return ok({ ...options, driver: value });
    case 'file.filename':
      return ok({ ...options, fileName: value });
    case 'read-only':
      return withSwitch(key, value, (readOnly) => ({ ...options, readOnly }));
    case 'cache.direct':
      return withSwitch(key, value, (direct) => ({ ...options, cache: { ...options.cache, direct } }));
    case 'cache.no-flush':
      return withSwitch(key, value, (noFlush) => ({ ...options, cache: { ...options.cache, noFlush } }));
    case 'discard': {
      const discard = discardMode(value);
      return discard === null
        ? err('invalid-argument', 'Invalid discard option')
        : ok({ ...options, discard });
    }
    default:
      return ok({ ...options, unknown: options.unknown ?? key });
  }
}

function withSwitch(
  key: string,
  value: string,
  apply: (on: boolean) => DriverOptions,
): Result<DriverOptions> {
  const on = BOOLEANS[value];
  return on === undefined
    ? err('invalid-argument', `Parameter '${key}' expects 'on' or 'off'`)
    : ok(apply(on));
}
