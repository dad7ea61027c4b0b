import { err, ok, type Result } from '../../../shared/result.ts';

const SUFFIXES = 'bkmgtpe';
/** The largest size most arguments may have, in bytes: that of a signed 64-bit number. */
const LARGEST = 2n ** 63n - 1n;
const SIZE =
  /^[\t-\r ]*\+?(?:(?<hex>0x[0-9a-f]+)|(?<whole>[0-9]+)(?:\.(?<fraction>[0-9]*))?)(?<suffix>[bkmgtpe])?$/i;

/**
 * Parses a size as QEMU's tools do: `512`, `64k`, `1.5G`, `0x200`, with binary suffixes b, k, M, G, T, P and E in
 * either case. A fraction needs a suffix above b and rounds half up to whole bytes; leading blanks and `+` are
 * accepted, exponents and octal numbers are not.
 *
 * Sizes beyond 2^53 come back rounded: no image can be that large, but the message that says so names the size.
 * @param largest the largest size that is accepted, in bytes
 * @returns bytes; fails with `invalid-argument` when this is no size, with `out-of-range` when it is too large
 */
export function parseSize(text: string, largest = LARGEST): Result<number> {
  const { hex, whole, fraction, suffix } = SIZE.exec(text)?.groups ?? {};
  const integer = hex ?? whole;
  if (integer === undefined) return err('invalid-argument', `'${text}' is not a size`);
  const shift = BigInt(10 * Math.max(0, SUFFIXES.indexOf(suffix?.toLowerCase() ?? 'b')));
  const part = fixedPoint(fraction);
  if (part > 0n && shift === 0n) return err('invalid-argument', `'${text}' is not a whole number of bytes`);
  const halves = (((BigInt(integer) << 64n) + part) << shift) >> 63n;
  const bytes = (halves + 1n) >> 1n;
  return bytes > largest ? err('out-of-range', `'${text}' is too large`) : ok(Number(bytes));
}

/** QEMU's warning for a size it still accepts, or null. */
export function sizeWarning(text: string): string | null {
  const deprecated = /^\s*\+?0x[0-9a-f]+[bkmgtpe]/i.test(text) && !/^\s*\+?0x[0-9a-f]+$/i.test(text);
  return deprecated ? `Using a multiplier suffix on hex numbers is deprecated: ${text}` : null;
}

/** Decimal digits after the point as a 64-bit binary fraction, with the precision of a double, as QEMU has it. */
function fixedPoint(digits: string | undefined): bigint {
  if (digits === undefined || digits === '') return 0n;
  const fraction = Math.min(Number(`0.${digits}`), 1 - Number.EPSILON / 2);
  return BigInt(Math.trunc(fraction * 2 ** 64));
}
