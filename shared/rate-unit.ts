/** In which rates are shown and typed. */
export const RATE_UNITS = ['kB/s', 'MB/s', 'Mbit/s'] as const;
export type RateUnit = (typeof RATE_UNITS)[number];

/** What one of the unit is in bytes per second. */
export const BYTES_PER_SECOND: Readonly<Record<RateUnit, number>> = {
  'kB/s': 1000,
  'MB/s': 1_000_000,
  'Mbit/s': 125_000,
};
