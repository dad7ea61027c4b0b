/** Masters on NBD servers are told apart from those on web servers. */
export const NBD_MASTERS = `
CREATE TABLE new_masters (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  source TEXT NOT NULL CHECK (source IN ('recipe', 'file', 'http', 'nbd')),
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
  role TEXT NOT NULL CHECK (role IN ('master', 'snapshot', 'copy')),
  import_state TEXT NOT NULL CHECK (import_state IN ('ready', 'importing', 'failed')),
  import_problem TEXT,
  created_ms INTEGER NOT NULL,
  published TEXT,
  -- Of which master it is a copy; NULL once that was removed.
  copy_of TEXT UNIQUE REFERENCES masters (id) ON DELETE SET NULL CHECK (role = 'copy' OR copy_of IS NULL)
) STRICT;
INSERT INTO new_masters (id, name, source, location, format, length_bytes, etag, last_modified, sha256, parent_id, owned,
    role, import_state, import_problem, created_ms, published, copy_of)
  SELECT id, name, CASE WHEN source = 'http' AND lower(location) GLOB 'nbd*' THEN 'nbd' ELSE source END, location, format,
    length_bytes, etag, last_modified, sha256, parent_id, owned, role, import_state, import_problem, created_ms, published,
    copy_of FROM masters;
DROP TABLE masters;
ALTER TABLE new_masters RENAME TO masters;
CREATE INDEX masters_by_parent ON masters (parent_id);
`;
