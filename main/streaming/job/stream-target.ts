import { DONE, err, ok, type Result } from '../../../shared/result.ts';
import type { OverlayDevice, Populated } from '../../block/overlay.ts';
import type { Range } from '../../block/range.ts';

/**
 * All that a stream job asks of what it streams into. An overlay with its backing device is one
 * ({@link overlayTarget}); streaming down to a base further down the chain is another, made by who knows the chain.
 */
export interface StreamTarget {
  readonly name: string;
  /** Guest bytes the job has to account for; 0 when there is nothing to stream from. */
  readonly lengthBytes: number;
  readonly clusterBytes: number;
  /** True when what is missing crosses a network. */
  readonly remote: boolean;
  /** See {@link OverlayDevice.findMissing}. */
  findMissing(from: number, to: number, mostBytes?: number): Promise<Result<Range | null>>;
  populate(ranges: readonly Range[]): Promise<Result<Populated>>;
  /** Makes the target independent of its source, durably. Called once, when nothing is missing. */
  finish(): Promise<Result<void>>;
}

/** Streams everything an overlay lacks, then drops its backing device. */
export function overlayTarget(overlay: OverlayDevice): Result<StreamTarget> {
  if (overlay.readOnly) return err('read-only', 'Block node is read-only');
  const source = overlay.backing;
  return ok({
    name: overlay.name,
    lengthBytes: source === null ? 0 : overlay.lengthBytes,
    clusterBytes: overlay.clusterBytes,
    remote: source?.remote ?? false,
    findMissing: (from, to, mostBytes) => overlay.findMissing(from, to, mostBytes),
    populate: (ranges) => overlay.populate(ranges),
    finish: async () => (overlay.backing === null ? DONE : overlay.dropBacking()),
  });
}
