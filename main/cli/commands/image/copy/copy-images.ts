import { because, DONE, err, ok, type Result } from '../../../../../shared/result.ts';
import { alignDown, alignUp, SECTOR_BYTES } from '../../../../../shared/units.ts';
import { contentAt, readPadded } from '../../../../block/backing-read.ts';
import type { BlockDevice } from '../../../../block/device.ts';
import { ZEROES } from '../../../../block/zeroes.ts';
import { QedDevice } from '../../../../qed/device.ts';
import type { ProgressLine } from '../../../output/progress-line.ts';
import type { ConvertTarget } from '../convert-target.ts';
import type { OpenedImage } from '../open-image.ts';
import type { Tool } from '../tool.ts';
import { ownContentAt } from './own-content.ts';
import { copyPieces, type Piece } from './ordered-pieces.ts';
import { Throttle } from './throttle.ts';
import { zeroRuns } from './zero-runs.ts';

const PIECE_BYTES = 1024 * 1024;

export interface CopySettings {
  readonly sparseBytes: number;
  /** Requests under way at once, to what is remote. */
  readonly parallel: number;
  readonly rate: number;
  /** Go on after read errors, with zeroes in place of what cannot be read. */
  readonly salvage: boolean;
}

/** Copies images, one after the other, into a target that is large enough for them. */
export async function copyImages(
  sources: readonly OpenedImage[],
  target: ConvertTarget,
  settings: CopySettings,
  progress: ProgressLine,
  tool: Tool,
): Promise<Result<void>> {
  const copy = new ImageCopy(sources, target, settings, tool);
  const throttle = new Throttle(settings.rate);
  const copied = await copyPieces(
    {
      next: () => copy.next(),
      fetch: (piece, buffer) => copy.fetch(piece, buffer),
      async store(piece, data) {
        await throttle.spend(data.length, tool.terminal.interrupted);
        progress.report(piece.offset, copy.totalBytes);
        return copy.store(piece, data);
      },
    },
    {
      fetches: sources.some(({ device }) => device.remote) ? settings.parallel : 1,
      stores: target.device.remote ? settings.parallel : 1,
    },
    copy.pieceBytes,
    tool,
  );
  if (copied.ok) progress.report(1, 1);
  return copied;
}

interface Placed {
  readonly image: OpenedImage;
  readonly start: number;
  readonly end: number;
}

class ImageCopy {
  readonly totalBytes: number;
  readonly pieceBytes: number;
  readonly #sources: readonly Placed[];
  readonly #target: ConvertTarget;
  readonly #settings: CopySettings;
  readonly #tool: Tool;
  /** What is decided together: a cluster of the target, or a run that is worth a hole. */
  readonly #unitBytes: number;
  #position = 0;

  constructor(sources: readonly OpenedImage[], target: ConvertTarget, settings: CopySettings, tool: Tool) {
    let start = 0;
    this.#sources = sources.map((image) => ({ image, start, end: (start += image.lengthBytes) }));
    this.totalBytes = start;
    this.#target = target;
    this.#settings = settings;
    this.#tool = tool;
    const clusterBytes = target.device instanceof QedDevice ? target.device.clusterBytes : SECTOR_BYTES;
    this.#unitBytes = alignUp(Math.max(settings.sparseBytes, clusterBytes), clusterBytes);
    this.pieceBytes = alignUp(PIECE_BYTES, this.#unitBytes);
  }

  /** Walks the sources; stretches that the target's backing file provides are passed over. */
  async next(): Promise<Result<Piece | null>> {
    for (;;) {
      const source = this.#sources.find(({ end }) => this.#position < end);
      if (source === undefined) return ok(null);
      const piece = await this.#look(source, this.#position);
      if (!piece.ok) return piece;
      this.#position += piece.value.length;
      if (!piece.value.missing) return piece;
    }
  }

  async fetch({ offset }: Piece, buffer: Uint8Array): Promise<Result<void>> {
    const source = this.#sources.find(({ end }) => offset < end);
    if (source === undefined) return DONE;
    const { device, location } = source.image;
    const read = await readPadded(device, offset - source.start, buffer);
    if (read.ok) return read;
    if (this.#settings.salvage) return this.#salvage(device, offset - source.start, buffer, location);
    return because(`error while reading at byte ${offset}`, read);
  }

  async store({ offset, length, zero }: Piece, data: Uint8Array): Promise<Result<void>> {
    if (zero) return this.#zero(offset, length);
    for (const run of zeroRuns(data, this.#settings.sparseBytes === 0 ? 0 : this.#unitBytes)) {
      const stored = run.zero
        ? await this.#zero(offset + run.start, run.end - run.start)
        : await this.#target.device.write(offset + run.start, data.subarray(run.start, run.end));
      if (!stored.ok) return because(`error while writing at byte ${offset + run.start}`, stored);
    }
    return DONE;
  }

  async #look(
    { image, start, end }: Placed,
    position: number,
  ): Promise<Result<Piece & { missing: boolean }>> {
    const { ownLayers } = this.#target;
    const rest = end - position;
    const within = position - start;
    const found =
      ownLayers === Infinity
        ? await contentAt(image.device, within, rest)
        : await ownContentAt(image.device, ownLayers, within, rest);
    if (!found.ok) {
      return err(
        found.failure.code,
        `error while reading block status at offset ${position}: ${found.failure.message}`,
      );
    }
    const { zero, length: reach } = found.value;
    const missing = 'missing' in found.value && found.value.missing;
    // Units are decided whole: what begins inside one, or ends inside one, is read.
    const whole = reach === rest ? rest : alignDown(reach, this.#unitBytes);
    const aligned = position % this.#unitBytes === 0;
    if ((zero || missing) && aligned && whole > 0)
      return ok({ offset: position, length: whole, zero, missing });
    const wanted = zero || missing ? this.#unitBytes : alignUp(reach, this.#unitBytes);
    const toBoundary = this.pieceBytes - (position % this.pieceBytes);
    const length = Math.min(
      rest,
      toBoundary,
      aligned ? wanted : this.#unitBytes - (position % this.#unitBytes),
    );
    return ok({ offset: position, length, zero: false, missing: false });
  }

  async #zero(offset: number, length: number): Promise<Result<void>> {
    const { device, zero } = this.#target;
    if (this.#settings.sparseBytes === 0) {
      for (let done = 0; done < length; done += ZEROES.length) {
        const written = await device.write(
          offset + done,
          ZEROES.subarray(0, Math.min(ZEROES.length, length - done)),
        );
        if (!written.ok) return written;
      }
      return DONE;
    }
    return zero ? DONE : device.writeZeroes(offset, length);
  }

  /** Reads sector by sector, and says where that fails. */
  async #salvage(
    device: BlockDevice,
    offset: number,
    buffer: Uint8Array,
    name: string,
  ): Promise<Result<void>> {
    for (let done = 0; done < buffer.length; done += SECTOR_BYTES) {
      const sector = buffer.subarray(done, done + SECTOR_BYTES);
      const read = await readPadded(device, offset + done, sector);
      if (read.ok) continue;
      this.#tool.warn(`error while reading offset ${offset + done} of '${name}': ${read.failure.message}`);
      sector.fill(0);
    }
    return DONE;
  }
}
