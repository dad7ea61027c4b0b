import { createHash } from 'node:crypto';
import { type Clock, sleep } from '../../../shared/clock.ts';
import { DONE, err, ok, type Result } from '../../../shared/result.ts';
import { MIB } from '../../../shared/units.ts';
import { NodeFile } from '../../block/node-file.ts';
import { RawDevice } from '../../block/raw.ts';
import { openHttpDevice } from '../../block/http/http-device.ts';
import type { SourceFile } from '../../block/verified/master-source.ts';
import { putInPlace, removeDraft } from '../../block/whole-file.ts';
import { BackOff, WAIT } from '../../streaming/waiting/back-off.ts';
import { acquire, type RateLimit } from '../../streaming/limits/rate-limit.ts';
import { isRemote, localPath, shownLocation } from '../chain/location.ts';
import { keptDownload, partOf } from './kept-download.ts';
import { unpackFile, type Packing } from './unpack.ts';

/** A file with an image in it, of which nothing can be believed before all of it is here. */
export interface WholeImage {
  /** An address, or the path of a file. */
  readonly location: string;
  /** Of the file as it lies there. */
  readonly lengthBytes: number;
  readonly sha256: string;
  readonly packing: Packing;
}

export interface FetchImageParts {
  readonly clock: Clock;
  /** What the download has to keep to. */
  readonly limit: RateLimit;
  readonly connections?: number | undefined;
  readonly signal: AbortSignal;
  /** Told the part that is done, from 0 to 1. */
  readonly progress: (fraction: number) => void;
}

const PIECE_BYTES = 4 * MIB;
/** A source that brings nothing for so many tries in a row is given up; what is here stays for the next attempt. */
const MOST_TRIES = 5;
/** How much of the work is the download, where the image has to be unpacked after it. */
const DOWNLOAD_SHARE = 0.8;

const CANCELLED = err('cancelled', 'The download was cancelled');

/**
 * Downloads an image into `file`, which appears when all of it is here, has the right checksum and was unpacked, durably.
 * What an earlier attempt left is used, however that ended: it is a beginning of the image if the checksum of the whole
 * says so, and is thrown away if not.
 *
 * Fails with `source-…` as reads of a disk do, `source-changed` where the checksum is another; with `busy` while somebody
 * else fetches it to the same place, with `unsupported` or `malformed` where it cannot be unpacked, and with `cancelled`.
 */
export async function fetchImage(
  image: WholeImage,
  file: string,
  parts: FetchImageParts,
): Promise<Result<void>> {
  const { packing } = image;
  const fetched = await keptDownload(file, 'The image', (draft) => new Fetch(image, draft, parts).run());
  if (!fetched.ok) return fetched;
  if (packing === 'none') return putInPlace(partOf(file), file);
  const unpacked = await unpackFile(partOf(file), file, packing, {
    signal: parts.signal,
    progress: (fraction) => parts.progress(DOWNLOAD_SHARE + (1 - DOWNLOAD_SHARE) * fraction),
  });
  // One that makes no sense would not make any the next time.
  if (unpacked.ok || unpacked.failure.code === 'malformed') await removeDraft(partOf(file));
  return unpacked;
}

class Fetch {
  readonly #image: WholeImage;
  readonly #draft: NodeFile;
  readonly #parts: FetchImageParts;
  readonly #share: number;

  constructor(image: WholeImage, draft: NodeFile, parts: FetchImageParts) {
    this.#image = image;
    this.#draft = draft;
    this.#parts = parts;
    this.#share = image.packing === 'none' ? 1 : DOWNLOAD_SHARE;
  }

  async run(): Promise<Result<void>> {
    const whole = await this.#attempt();
    if (!whole.ok || whole.value !== 'resumed in vain') return whole.ok ? DONE : whole;
    // What was here from before may have been wrong: a power cut leaves anything.
    const again = await this.#attempt();
    return again.ok ? DONE : again;
  }

  async #attempt(): Promise<Result<'right' | 'resumed in vain'>> {
    const { lengthBytes, sha256, location } = this.#image;
    const present = await this.#draft.length();
    if (!present.ok) return present;
    const hereBytes = Math.min(present.value, lengthBytes);
    const digest = createHash('sha256');
    const hashed = await this.#hashPresent(hereBytes, (bytes) => digest.update(bytes));
    if (!hashed.ok) return hashed;
    const fetched = await this.#fetchFrom(hereBytes, (bytes) => digest.update(bytes));
    if (!fetched.ok) return fetched;
    if (digest.digest('hex') === sha256) {
      const cut = await this.#draft.setLength(lengthBytes);
      return cut.ok ? ok('right') : cut;
    }
    const emptied = await this.#draft.setLength(0);
    if (!emptied.ok) return emptied;
    if (hereBytes > 0) return ok('resumed in vain');
    return err(
      'source-changed',
      `${shownLocation(location)}: what lies there has another SHA-256 than its list says; it is not used`,
    );
  }

  async #hashPresent(hereBytes: number, take: (bytes: Uint8Array) => void): Promise<Result<void>> {
    const buffer = new Uint8Array(PIECE_BYTES);
    for (let at = 0; at < hereBytes;) {
      if (this.#parts.signal.aborted) return CANCELLED;
      const piece = buffer.subarray(0, Math.min(PIECE_BYTES, hereBytes - at));
      const read = await this.#draft.read(at, piece);
      if (!read.ok) return read;
      take(piece);
      at += piece.length;
      this.#tell(at);
    }
    return DONE;
  }

  /** The next piece is on its way while one is stored. */
  async #fetchFrom(startBytes: number, take: (bytes: Uint8Array) => void): Promise<Result<void>> {
    if (startBytes === this.#image.lengthBytes) return DONE;
    const source = await this.#patiently(() => this.#open());
    if (!source.ok) return source;
    try {
      let coming = this.#read(source.value, startBytes);
      for (let at = startBytes; at < this.#image.lengthBytes;) {
        const bytes = await coming;
        if (!bytes.ok) return bytes;
        const next = at + bytes.value.length;
        if (next < this.#image.lengthBytes) coming = this.#read(source.value, next);
        const stored = await this.#draft.write(at, bytes.value);
        if (!stored.ok) {
          await coming;
          return stored;
        }
        take(bytes.value);
        at = next;
        this.#tell(at);
      }
      return DONE;
    } finally {
      await source.value.close();
    }
  }

  async #read(source: SourceFile, offset: number): Promise<Result<Uint8Array>> {
    const { clock, limit, signal } = this.#parts;
    const bytes = new Uint8Array(Math.min(PIECE_BYTES, this.#image.lengthBytes - offset));
    return this.#patiently(async () => {
      if (!(await acquire(limit, bytes.length, clock, signal))) return CANCELLED;
      const read = await source.read(offset, bytes, signal);
      return read.ok ? ok(bytes) : read;
    });
  }

  /** Tries again what may pass. */
  async #patiently<T>(work: () => Promise<Result<T>>): Promise<Result<T>> {
    const { clock, signal } = this.#parts;
    const backOff = new BackOff(WAIT);
    for (;;) {
      if (signal.aborted) return CANCELLED;
      const done = await work();
      const mayPass = !done.ok && done.failure.code === 'source-unreachable';
      if (done.ok || !mayPass || backOff.tries + 1 >= MOST_TRIES) return done;
      await sleep(clock, backOff.nextMs(done.failure), signal);
    }
  }

  async #open(): Promise<Result<SourceFile>> {
    const { location, lengthBytes } = this.#image;
    const { clock, connections } = this.#parts;
    const opened = isRemote(location)
      ? await openHttpDevice(location, { clock, connections })
      : await openLocal(localPath(location));
    if (!opened.ok || opened.value.lengthBytes === lengthBytes) return opened;
    await opened.value.close();
    return err(
      'source-changed',
      `${shownLocation(location)} is ${opened.value.lengthBytes} bytes long; its list says ${lengthBytes}`,
    );
  }

  #tell(hereBytes: number): void {
    this.#parts.progress((hereBytes / this.#image.lengthBytes) * this.#share);
  }
}

async function openLocal(file: string): Promise<Result<SourceFile>> {
  const opened = NodeFile.open(file, { readOnly: true });
  return opened.ok ? RawDevice.open(opened.value) : opened;
}
