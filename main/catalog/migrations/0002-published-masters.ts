/** What a publisher says of a master, and where its files lie, as JSON; NULL for masters nobody published. */
export const PUBLISHED_MASTERS = `
ALTER TABLE masters ADD COLUMN published TEXT;
`;
