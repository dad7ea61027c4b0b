/** A feed keeps its last good copy, so that it can be used without network; lists of other makers have no signature. */
export const FEEDS = `
CREATE TABLE new_feeds (
  id TEXT PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('signed', 'simplestreams')),
  location TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  -- What it calls itself.
  feed_id TEXT NOT NULL,
  -- The key it must be signed with.
  public_key TEXT CHECK ((kind = 'signed') = (public_key IS NOT NULL)),
  serial INTEGER NOT NULL CHECK (serial >= 0),
  issued_ms INTEGER NOT NULL,
  expires_ms INTEGER CHECK ((kind = 'signed') = (expires_ms IS NOT NULL)),
  -- Tag of the copy at its source.
  etag TEXT,
  -- When the copy was last found to be the newest.
  checked_ms INTEGER NOT NULL,
  -- Why it could not be refreshed since.
  failure TEXT,
  added_ms INTEGER NOT NULL
) STRICT;
INSERT INTO new_feeds (id, kind, location, name, feed_id, public_key, serial, issued_ms, expires_ms, checked_ms, added_ms)
  SELECT id, 'signed', url, name, id, public_key, serial, issued_ms, expires_ms, added_ms, added_ms FROM feeds;
DROP TABLE feeds;
ALTER TABLE new_feeds RENAME TO feeds;

-- Byte for byte as they came: they are verified again whenever they are read.
CREATE TABLE feed_copies (
  feed_id TEXT PRIMARY KEY REFERENCES feeds (id) ON DELETE CASCADE,
  document BLOB NOT NULL,
  signature TEXT
) STRICT;

CREATE INDEX appliances_by_feed ON appliances (feed_id);
`;
