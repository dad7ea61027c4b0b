/** What the user was told keeps what goes into its words, in whichever language they are read again; see `shared/ipc/notices.ts`. */
export const TOLD_EVENTS = `
ALTER TABLE events ADD COLUMN told TEXT;
CREATE INDEX events_told ON events (id) WHERE told IS NOT NULL;
`;
