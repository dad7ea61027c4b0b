import { threeDigits } from './c-number.ts';

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'] as const;

/** A number of bytes as QEMU's tools print it: three digits and the binary unit that keeps it below 1000. */
export function humanSize(bytes: number): string {
  let unit = 0;
  let value = bytes;
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${threeDigits(value)} ${UNITS[unit] ?? ''}`;
}

/** A whole number of bytes in digits, exact also where doubles print rounded ones. */
export function byteDigits(bytes: number): string {
  return BigInt(bytes).toString();
}
