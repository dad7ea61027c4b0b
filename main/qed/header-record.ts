import { OneAtATime } from '../../shared/one-at-a-time.ts';
import { DONE, err, ok, type Result } from '../../shared/result.ts';
import type { BlockFile } from '../block/file.ts';
import { isStamped, markStamped, placeOf, writeContentStamp, type ContentStamp } from './content-stamp.ts';
import { FEATURE, HEADER_BYTES, KNOWN_COMPAT_FEATURES, MAX_BACKING_NAME_BYTES } from './format.ts';
import { encodeHeader, hasBackingFile, type Header } from './header.ts';

/** What a backing reference in a header says. */
export interface BackingReference {
  /** File name or address as stored: relative names are relative to the image's folder. */
  readonly name: string;
  /** True when the header says the backing file is raw; false leaves the format to the caller. */
  readonly raw: boolean;
}

/** The header of an open image, and the one way to change it: durably, one change at a time. */
export class HeaderRecord {
  readonly #file: BlockFile;
  readonly #flush: () => Promise<Result<void>>;
  #header: Header;
  #backing: BackingReference | null;
  #stamp: ContentStamp | null;
  readonly #changes = new OneAtATime();

  /** @param flush makes everything the image holds durable; called before and after the header is written */
  constructor(
    file: BlockFile,
    header: Header,
    backing: BackingReference | null,
    stamp: ContentStamp | null,
    flush: () => Promise<Result<void>>,
  ) {
    this.#file = file;
    this.#header = header;
    this.#backing = backing;
    this.#stamp = stamp;
    this.#flush = flush;
  }

  get current(): Header {
    return this.#header;
  }

  get backing(): BackingReference | null {
    return this.#backing;
  }

  get contentStamp(): ContentStamp | null {
    return this.#stamp;
  }

  /** See {@link QedImage.setContentStamp}. */
  setContentStamp(stamp: ContentStamp): Promise<Result<void>> {
    // From here on changes must wait until the stamp is there, and then clear it.
    this.#stamp = stamp;
    return this.#changes.run(async () => {
      const bare = isStamped(this.#header) ? await this.#unmark() : DONE;
      if (!bare.ok) return bare;
      const written = await writeContentStamp(this.#file, this.#header, stamp);
      return written.ok ? this.#store(markStamped(this.#header, true)) : written;
    });
  }

  /** See {@link QedImage.clearContentStamp}. */
  clearContentStamp(): Promise<Result<void>> {
    return this.#changes.run(async () => {
      if (this.#stamp === null) return DONE;
      // Also where it seems not to be marked: marking it may have failed half-way.
      const cleared = await this.#unmark();
      if (cleared.ok) this.#stamp = null;
      return cleared;
    });
  }

  /** Writes the header with the changes that `change` makes to the present one. */
  rewrite(change: (header: Header) => Partial<Header>): Promise<Result<void>> {
    return this.#changes.run(() => this.#store(change(this.#header)));
  }

  /** See {@link QedImage.setBacking}. */
  setBacking(reference: BackingReference | null): Promise<Result<void>> {
    return this.#changes.run(async () => {
      const stored = await (reference === null ? this.#dropBacking() : this.#nameBacking(reference));
      if (stored.ok) this.#backing = reference;
      return stored;
    });
  }

  #unmark(): Promise<Result<void>> {
    return this.#store(markStamped(this.#header, false));
  }

  #dropBacking(): Promise<Result<void>> {
    const { features, compatFeatures } = this.#header;
    return this.#store({
      features: features & ~(FEATURE.BACKING_FILE | FEATURE.BACKING_FORMAT_NO_PROBE),
      compatFeatures: compatFeatures & ~KNOWN_COMPAT_FEATURES,
      backingNameOffset: HEADER_BYTES,
      backingNameBytes: 0,
    });
  }

  async #nameBacking({ name, raw }: BackingReference): Promise<Result<void>> {
    const header = this.#header;
    if ((header.compatFeatures & ~KNOWN_COMPAT_FEATURES) !== 0n) {
      return err(
        'unsupported',
        `'${this.#file.path}' has unknown compatible features: its backing file name cannot be set safely`,
      );
    }
    const encoded = encodeBackingName(name);
    if (!encoded.ok) return encoded;
    const bytes = encoded.value;
    const place = placeForName(header, bytes.length);
    if (place === null) {
      return err(
        'no-space',
        `'${this.#file.path}': there is no room for a backing file name of ${bytes.length} bytes`,
      );
    }
    const written = await this.#file.write(place, bytes);
    if (!written.ok) return written;
    const features = header.features & ~FEATURE.BACKING_FORMAT_NO_PROBE;
    return this.#store({
      features: features | FEATURE.BACKING_FILE | (raw ? FEATURE.BACKING_FORMAT_NO_PROBE : 0n),
      backingNameOffset: place,
      backingNameBytes: bytes.length,
    });
  }

  /** Only the 64 bytes are written, which lie in one sector: the disk has the old header or the new one. */
  async #store(changes: Partial<Header>): Promise<Result<void>> {
    const before = await this.#flush();
    if (!before.ok) return before;
    const header = { ...this.#header, ...changes };
    const written = await this.#file.write(0, encodeHeader(header));
    const durable = written.ok ? await this.#flush() : written;
    if (durable.ok) this.#header = header;
    return durable;
  }
}

/** The bytes of a backing file name as a header stores them; `invalid-argument` when it cannot store them. */
export function encodeBackingName(name: string): Result<Uint8Array> {
  if (name === '') return err('invalid-argument', 'the backing file name is empty');
  if (name.includes('\0')) return err('invalid-argument', 'the backing file name contains a NUL byte');
  const bytes = new TextEncoder().encode(name);
  if (bytes.length < MAX_BACKING_NAME_BYTES) return ok(bytes);
  return err('invalid-argument', `the backing file name is longer than ${MAX_BACKING_NAME_BYTES - 1} bytes`);
}

/** Reads the backing file name of a header that was checked; null where there is none. */
export async function readBackingName(
  file: BlockFile,
  header: Header,
): Promise<Result<BackingReference | null>> {
  if (!hasBackingFile(header)) return ok(null);
  const bytes = new Uint8Array(header.backingNameBytes);
  const count = await file.read(header.backingNameOffset, bytes);
  if (!count.ok) return count;
  const name = decodeUtf8(bytes);
  if (name === null) return err('malformed', `'${file.path}': backing_filename is not valid UTF-8`);
  if (name.includes('\0')) {
    return err('malformed', `'${file.path}': backing_filename contains a NUL byte`);
  }
  return ok({ name, raw: (header.features & FEATURE.BACKING_FORMAT_NO_PROBE) !== 0n });
}

function decodeUtf8(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

/**
 * Where a new backing name fits into the header clusters without touching the present one, so that a crash leaves
 * one of the two whole; null when it fits nowhere.
 */
function placeForName(header: Header, nameBytes: number): number | null {
  const headerBytes = isStamped(header) ? placeOf(header) : header.headerClusters * header.clusterBytes;
  const { backingNameOffset: oldStart, backingNameBytes } = header;
  const fitsBefore = HEADER_BYTES + nameBytes <= (hasBackingFile(header) ? oldStart : headerBytes);
  if (fitsBefore) return HEADER_BYTES;
  const behind = hasBackingFile(header) ? oldStart + backingNameBytes : HEADER_BYTES;
  return behind + nameBytes <= headerBytes ? behind : null;
}
