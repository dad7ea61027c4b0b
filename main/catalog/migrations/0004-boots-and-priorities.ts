/** What a start of a master reads, how important each stream is, when machines were last started. */
export const BOOTS_AND_PRIORITIES = `
-- origin: 'published' with the master, or learned here from a boot that ended at its 'login' prompt or in 'quiet'.
CREATE TABLE boot_profiles (
  master_id TEXT PRIMARY KEY REFERENCES masters (id) ON DELETE CASCADE,
  origin TEXT NOT NULL CHECK (origin IN ('published', 'login', 'quiet')),
  profile TEXT NOT NULL,
  boot_bytes INTEGER NOT NULL CHECK (boot_bytes > 0),
  recorded_ms INTEGER NOT NULL
) STRICT;

-- What a start needs and is still missing; NULL while that was not counted.
ALTER TABLE surveys ADD COLUMN boot_missing_bytes INTEGER;

ALTER TABLE streams ADD COLUMN priority TEXT NOT NULL DEFAULT 'normal'
  CHECK (priority IN ('high', 'normal', 'low'));

-- NULL for a machine that was never started.
ALTER TABLE machines ADD COLUMN started_ms INTEGER;
`;
