/** Bytes that one hash of a master vouches for. The last chunk of a disk may be shorter. */
export const CHUNK_BYTES = 64 * 1024;

/** Names of the files of a published master, all in one folder, `masters/<sha256>/`. */
export const MASTER_FILES = {
  description: 'master.json',
  disk: 'disk.raw',
  chunks: 'chunks.bin',
  bootProfile: 'boot.json',
  bootPack: 'boot.pack',
  state: 'state.bin',
} as const;
