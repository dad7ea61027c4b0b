/** What a machine runs on, and memory beyond what the built-in machine has room for. */
export const BACK_ENDS = `
-- guest: what its appliance was made for. Earlier ones are for 32 bits; every guest with a driver knows that disk.
ALTER TABLE machines ADD COLUMN guest TEXT NOT NULL DEFAULT '{"arch":"i386","diskBus":"ide"}';
-- hardware: what the user wants of what runs it, as JSON.
ALTER TABLE machines ADD COLUMN hardware TEXT NOT NULL DEFAULT '{"backEnd":"automatic","accelerate":true,"forwards":[]}';
ALTER TABLE machines ADD COLUMN memory INTEGER NOT NULL DEFAULT 64 CHECK (memory BETWEEN 16 AND 65536);
UPDATE machines SET memory = memory_mib;
ALTER TABLE machines DROP COLUMN memory_mib;
ALTER TABLE machines RENAME COLUMN memory TO memory_mib;
`;
