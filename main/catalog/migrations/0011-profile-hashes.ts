/** A published boot profile is recognised by its hash; those from before are fetched once more. */
export const PROFILE_HASHES = `
-- sha256: of the file that was published; NULL for what was learned here.
ALTER TABLE boot_profiles ADD COLUMN sha256 TEXT;
`;
