/** What machines go on from when they are started. */
export const SAVED_STATES = `
-- memory_mib: what the guest had; the machine's own may have been changed since.
CREATE TABLE saved_states (
  machine_id TEXT PRIMARY KEY REFERENCES machines (id) ON DELETE RESTRICT,
  path TEXT NOT NULL UNIQUE,
  file_bytes INTEGER NOT NULL CHECK (file_bytes > 0),
  memory_mib INTEGER NOT NULL CHECK (memory_mib BETWEEN 16 AND 1024),
  saved_ms INTEGER NOT NULL
) STRICT;
`;
