/** Copies of feeds are stored deflated: a list of thousands of appliances is a tenth of the size, and of the time. */
export const PACKED_FEED_COPIES = `
-- packing: of the document. Copies from before stay as they are until the feed is next taken over.
ALTER TABLE feed_copies ADD COLUMN packing TEXT NOT NULL DEFAULT 'none' CHECK (packing IN ('none', 'deflate'));
`;
