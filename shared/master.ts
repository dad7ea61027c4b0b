import { z } from 'zod';
import { CHUNK_BYTES } from './master-files.ts';
import { SECTOR_BYTES, TIB } from './units.ts';

/** A SHA-256 in lower-case hexadecimal. */
export const sha256Schema = z.string().regex(/^[0-9a-f]{64}$/, 'a SHA-256 of 64 hexadecimal digits');

const lengthSchema = z.number().int().positive();

/**
 * What a publisher says of a master, in `master.json` and inside feeds. Everything else that belongs to the master is
 * verified by the hashes in here, so whoever trusts this object trusts the disk. `docs/masters.md` tells the formats.
 */
export const masterDescriptionSchema = z.strictObject({
  formatVersion: z.literal(1),
  /** Of `disk.raw`; names the folder. */
  sha256: sha256Schema,
  /** Of `disk.raw`. */
  lengthBytes: lengthSchema.multipleOf(SECTOR_BYTES).max(64 * TIB),
  chunkBytes: z.literal(CHUNK_BYTES),
  chunks: z.strictObject({
    /** Of the head of `chunks.bin`: its header and the uppermost level of hashes. */
    sha256: sha256Schema,
    /** Of the whole of `chunks.bin`. */
    lengthBytes: lengthSchema,
  }),
  /** The ranges that a recorded boot read, in order: `boot.json`. */
  bootProfile: z
    .strictObject({
      sha256: sha256Schema,
      lengthBytes: lengthSchema.max(64 * 1024 * 1024),
      /** Bytes of the disk that the boot read, each counted once. */
      bootBytes: lengthSchema,
    })
    .optional(),
  /** The content of those ranges, compressed: `boot.pack`. */
  bootPack: z
    .strictObject({
      /** Of the head of `boot.pack`: its header and the index, which holds the hash of every frame. */
      sha256: sha256Schema,
      lengthBytes: lengthSchema,
      uncompressedBytes: lengthSchema,
    })
    .optional(),
  /** A machine that has just booted, saved with this disk: `state.bin`. */
  state: z
    .strictObject({
      /** Of the head of `state.bin`: its first 256 bytes, which hold the hash of the hashes of all else. */
      sha256: sha256Schema,
      lengthBytes: lengthSchema.max(8 * 1024 * 1024 * 1024),
      /** Memory of the saved machine. */
      memoryMiB: z.number().int().min(1).max(4096),
      /** What can restore it, by name, version and devices: `v86 0.5.462, PC 1`. */
      emulator: z.string().min(1).max(88),
    })
    .optional(),
});

export type StateDescription = NonNullable<z.infer<typeof masterDescriptionSchema>['state']>;

export type MasterDescription = z.infer<typeof masterDescriptionSchema>;

/** A master that somebody published, and where its files lie. Plain data: it is stored and sent between threads. */
export const publishedMasterSchema = z.strictObject({
  description: masterDescriptionSchema,
  /** Folders with its files, the publisher's favourite first: `http://` or `https://` addresses, or paths. */
  sources: z.array(z.string().min(1).max(2000)).min(1).max(16),
});

export type PublishedMaster = z.infer<typeof publishedMasterSchema>;
