export const KIB = 1024;
export const MIB = 1024 * KIB;
export const GIB = 1024 * MIB;
export const TIB = 1024 * GIB;

/** The unit of IDE, QED sizes and guest requests, in bytes. */
export const SECTOR_BYTES = 512;

export function alignDown(value: number, unit: number): number {
  return value - (value % unit);
}

export function alignUp(value: number, unit: number): number {
  return alignDown(value + unit - 1, unit);
}

export function isAligned(value: number, unit: number): boolean {
  return value % unit === 0;
}
