import { ok, type Result } from '../../../../shared/result.ts';
import { qedOf, type Layer, type OpenedImage } from './open-image.ts';
import { RawHoles } from './raw-holes.ts';

/** The state of a stretch of guest addresses, in the terms of QEMU's block status. */
export interface BlockStatus {
  readonly length: number;
  /** Holds data that is not known to be zero. */
  readonly data: boolean;
  /** Reads as zeroes. */
  readonly zero: boolean;
  /** Whether a layer stores it, be it as a mark or a hole; false when it falls through the whole chain. */
  readonly allocated: boolean;
  /** Where it is in the file of the layer, in bytes. */
  readonly fileOffset: number | null;
  /** Which layer decides, 0 being the image itself. */
  readonly depth: number;
}

/** Looks up the state of ranges through all layers of an image. */
export class BlockStatusReader {
  readonly #layers: readonly Layer[];
  readonly #holes = new Map<Layer, RawHoles>();

  constructor(image: OpenedImage) {
    this.#layers = image.layers;
  }

  /** The state of `offset` as `map` reports it, for at most `length` bytes, which lie within the image. */
  async at(offset: number, length: number): Promise<Result<BlockStatus>> {
    let reach = length;
    for (const [depth, layer] of this.#layers.entries()) {
      const found = await this.#inLayer(layer, offset, Math.min(reach, layer.lengthBytes - offset));
      if (!found.ok) return found;
      const behind = this.#layers[depth + 1];
      const status = { ...found.value, depth };
      reach = status.length;
      if (status.data || status.zero) return ok(status);
      // Nothing behind, or something too short: what is missing reads as zeroes, as seen from this layer.
      if (behind === undefined || offset >= behind.lengthBytes) return ok({ ...status, zero: true });
    }
    return ok({ length: reach, data: false, zero: true, allocated: false, fileOffset: null, depth: 0 });
  }

  /**
   * As {@link at}, in the terms of strict comparison: what lies past the end of a shorter backing file counts as
   * stored there, because no deeper layer can change it.
   */
  async above(offset: number, length: number): Promise<Result<BlockStatus>> {
    const status = await this.at(offset, length);
    if (!status.ok) return status;
    const { allocated, depth } = status.value;
    return ok({ ...status.value, allocated: allocated || depth < this.#layers.length - 1 });
  }

  async #inLayer(layer: Layer, offset: number, length: number): Promise<Result<Omit<BlockStatus, 'depth'>>> {
    const qed = qedOf(layer);
    if (qed === null) return this.#inRaw(layer, offset, length);
    const extent = await qed.extentAt(offset, length);
    if (!extent.ok) return extent;
    const { kind, fileOffset } = extent.value;
    return ok({
      length: extent.value.length,
      data: kind === 'data',
      zero: kind === 'zero',
      allocated: kind !== 'unallocated',
      fileOffset: fileOffset ?? null,
    });
  }

  async #inRaw(layer: Layer, offset: number, length: number): Promise<Result<Omit<BlockStatus, 'depth'>>> {
    const stored = Math.min(length, layer.device.lengthBytes - offset);
    const hole = { length, data: false, zero: true, allocated: true, fileOffset: offset };
    // The file ends within its last sector: the rest of that sector reads as zeroes.
    if (stored <= 0) return ok(hole);
    const holes = this.#holes.get(layer) ?? new RawHoles(layer.device, layer.location);
    this.#holes.set(layer, holes);
    const run = await holes.runAt(offset, stored);
    if (!run.ok) return run;
    return ok({ ...hole, length: run.value.length, data: !run.value.zero, zero: run.value.zero });
  }
}
