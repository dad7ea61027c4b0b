/** Sizes are bytes, times milliseconds since 1970, rates bytes per second; a NULL rate is the preferences' default. */
export const FIRST = `
CREATE TABLE feeds (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  url TEXT NOT NULL UNIQUE,
  public_key TEXT NOT NULL,
  serial INTEGER NOT NULL CHECK (serial >= 0),
  issued_ms INTEGER NOT NULL,
  expires_ms INTEGER NOT NULL,
  added_ms INTEGER NOT NULL
) STRICT;

-- A disk that overlays lie on. parent_id: the master behind one that is itself an unfinished overlay.
CREATE TABLE masters (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  source TEXT NOT NULL CHECK (source IN ('recipe', 'file', 'http')),
  location TEXT NOT NULL,
  format TEXT NOT NULL CHECK (format IN ('raw', 'qed')),
  length_bytes INTEGER NOT NULL CHECK (length_bytes > 0),
  -- What the source is recognised by: a master that changed must not be mixed with what was read of it before.
  etag TEXT,
  last_modified TEXT,
  sha256 TEXT,
  parent_id TEXT REFERENCES masters (id) ON DELETE RESTRICT,
  -- The file is ours and goes with the row; otherwise it is the user's and is never touched.
  owned INTEGER NOT NULL CHECK (owned IN (0, 1)),
  -- 'snapshot': made by duplicating a machine; goes with the last disk that lies on it.
  role TEXT NOT NULL CHECK (role IN ('master', 'snapshot')),
  import_state TEXT NOT NULL CHECK (import_state IN ('ready', 'importing', 'failed')),
  import_problem TEXT,
  created_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX masters_by_parent ON masters (parent_id);

CREATE TABLE appliances (
  id TEXT PRIMARY KEY,
  feed_id TEXT REFERENCES feeds (id) ON DELETE CASCADE,
  master_id TEXT REFERENCES masters (id) ON DELETE CASCADE,
  description TEXT NOT NULL,
  added_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX appliances_by_master ON appliances (master_id);

CREATE TABLE machines (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL UNIQUE COLLATE NOCASE,
  appliance_id TEXT REFERENCES appliances (id) ON DELETE SET NULL,
  memory_mib INTEGER NOT NULL CHECK (memory_mib BETWEEN 16 AND 1024),
  created_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX machines_by_appliance ON machines (appliance_id);

CREATE TABLE disks (
  id TEXT PRIMARY KEY,
  machine_id TEXT REFERENCES machines (id) ON DELETE RESTRICT,
  master_id TEXT REFERENCES masters (id) ON DELETE RESTRICT,
  kind TEXT NOT NULL CHECK (kind IN ('standalone', 'linked')),
  path TEXT NOT NULL UNIQUE,
  length_bytes INTEGER NOT NULL CHECK (length_bytes > 0),
  created_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX disks_by_machine ON disks (machine_id);
CREATE INDEX disks_by_master ON disks (master_id);

-- What the user wants of a disk's streaming. How far it is stands in the image itself, never here.
CREATE TABLE streams (
  disk_id TEXT PRIMARY KEY REFERENCES disks (id) ON DELETE CASCADE,
  wanted TEXT NOT NULL CHECK (wanted IN ('running', 'paused', 'stopped')),
  rate_limit INTEGER CHECK (rate_limit >= 0),
  on_error TEXT NOT NULL CHECK (on_error IN ('report', 'ignore', 'stop', 'enospc')),
  failure TEXT,
  -- When the user was told that the disk stands alone.
  completed_ms INTEGER
) STRICT;

-- What was last counted in an image's tables, good while the file has this size and time.
CREATE TABLE surveys (
  disk_id TEXT PRIMARY KEY REFERENCES disks (id) ON DELETE CASCADE,
  file_length INTEGER NOT NULL,
  modified_ms REAL NOT NULL,
  local_bytes INTEGER NOT NULL,
  standalone INTEGER NOT NULL CHECK (standalone IN (0, 1))
) STRICT;

-- Files that are being made, or deleted: no row names them (any more). What is found here at start is deleted.
CREATE TABLE passing_files (
  path TEXT PRIMARY KEY,
  why TEXT NOT NULL CHECK (why IN ('making', 'deleting')),
  since_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE events (
  id INTEGER PRIMARY KEY,
  at_ms INTEGER NOT NULL,
  level TEXT NOT NULL CHECK (level IN ('info', 'warning', 'error')),
  kind TEXT NOT NULL,
  subject TEXT,
  text TEXT NOT NULL
) STRICT;
CREATE INDEX events_by_subject ON events (kind, subject);

CREATE TABLE preferences (
  key TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT;

CREATE TABLE windows (
  name TEXT PRIMARY KEY,
  state TEXT NOT NULL
) STRICT;
`;
