import { SECTOR_BYTES } from '../../../../shared/units.ts';

/** QEMU's longest request, in bytes: what a signed 32-bit number holds of whole sectors. */
export const MAX_REQUEST_BYTES = 2 ** 31 - SECTOR_BYTES;

/** What writes store when no pattern is given. */
export const DEFAULT_PATTERN = 0xcd;
