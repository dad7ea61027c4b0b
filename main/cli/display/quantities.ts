import { GIB, KIB, MIB, TIB } from '../../../shared/units.ts';

const UNITS: readonly (readonly [number, string])[] = [
  [TIB, 'TiB'],
  [GIB, 'GiB'],
  [MIB, 'MiB'],
  [KIB, 'KiB'],
];

/** From here on 1024 of the smaller unit would be shown, by rounding. */
const ROUNDED_UP = 1023.5 / 1024;

/** `1.5 GiB`, `320 KiB`, `17 bytes`. */
export function formatBytes(bytes: number): string {
  const [unit, name] = UNITS.find(([size]) => bytes >= size * ROUNDED_UP) ?? [1, 'bytes'];
  const value = bytes / unit;
  const digits = unit === 1 || value >= 100 ? 0 : 1;
  return `${value.toFixed(digits)} ${name}`;
}

/** `2.4 MiB/s`. */
export function formatRate(bytesPerSecond: number): string {
  return `${formatBytes(Math.round(bytesPerSecond))}/s`;
}

/** `8 s`, `3 min 20 s`, `2 h 5 min`. */
export function formatDuration(durationMs: number): string {
  const seconds = Math.max(0, Math.round(durationMs / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
}

/** "1 disk", "2 disks": for nouns whose plural takes an s. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
