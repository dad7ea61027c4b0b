/** The displays that `scripts/test-app.mjs` has opened, one for each worker; none where windows go to the usual one. */
export const DISPLAYS: readonly string[] = (process.env['HEADWATER_TEST_DISPLAYS'] ?? '')
  .split(' ')
  .filter(Boolean);

/** What a program has to be told to open its windows on the display of this worker. */
export function ownDisplay(): Record<string, string> {
  const display = DISPLAYS[Number(process.env['TEST_PARALLEL_INDEX'] ?? 0)];
  return display === undefined ? {} : { DISPLAY: display };
}
