import { fixed } from '../../output/c-number.ts';

const UNITS = ['KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'] as const;

/** A number of bytes as `qemu-io` prints it: with three decimals above 1 KiB, which are left out when they are zero. */
export function quantity(bytes: number): string {
  let unit = -1;
  let value = bytes;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  const digits = fixed(value, unit === -1 ? 6 : 3);
  const zeroes = digits.indexOf('.000');
  return `${zeroes === -1 ? digits : digits.slice(0, zeroes)} ${UNITS[unit] ?? 'bytes'}`;
}
