import { err, ok, type Result } from '../../../shared/result.ts';
import { parseSize } from './size.ts';

const BITS = /^(\d+(?:\.\d+)?)\s*([kmg]?)bit(?:\/s)?$/i;
/** What people write behind a size to make it a rate: `B`, `iB`, `/s` or both. */
const BYTE_UNIT = /(?:i?B)?(?:\/s)?$/i;
const DECIMAL_POWERS: Readonly<Record<string, number>> = { '': 1, k: 1e3, m: 1e6, g: 1e9 };

/**
 * Parses a rate: `20mbit` (decimal, as lines are sold), `500k`, `2.5M` or `2MB/s` in bytes per second (binary, as
 * QEMU's speeds), `off` or `0` for no limit.
 * @returns bytes per second, 0 for no limit
 */
export function parseRate(text: string): Result<number> {
  const trimmed = text.trim();
  if (trimmed === 'off') return ok(0);
  const bits = BITS.exec(trimmed);
  if (bits !== null) {
    const power = DECIMAL_POWERS[(bits[2] ?? '').toLowerCase()] ?? 1;
    return ok(Math.floor((Number(bits[1]) * power) / 8));
  }
  const size = parseSize(trimmed.replace(BYTE_UNIT, ''));
  if (size.ok && size.value >= 0) return size;
  return err('invalid-argument', `'${text}' is not a rate: give 20mbit, 500k, 2.5M or off`);
}
