/** What a machine goes on from instead of booting, when it is started for the first time. */
export const INSTANT_STARTS = `
-- instant_start: the published master whose state it is, as JSON; null once the machine was started.
ALTER TABLE machines ADD COLUMN instant_start TEXT;
`;
