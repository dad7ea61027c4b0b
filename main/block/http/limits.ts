import { MIB } from '../../../shared/units.ts';

export const HOUR_MS = 3_600_000;

/** A server that sends nothing for this long is taken for dead, in milliseconds. */
export const DEFAULT_NO_PROGRESS_TIMEOUT_MS = 15_000;

/** Longest single range request, in bytes: large reads are cut into such pieces, fetched side by side. */
export const DEFAULT_PIECE_BYTES = MIB;

/** Routers forget quiet connections without telling; older ones than this are not used again, in milliseconds. */
export const MAX_IDLE_MS = 30_000;

export const MAX_REDIRECTS = 5;
