import { err, type Result } from '../../shared/result.ts';
import { alignUp, SECTOR_BYTES } from '../../shared/units.ts';
import type { BlockFile } from '../block/file.ts';
import {
  COMPAT_FEATURE,
  DEFAULT_CLUSTER_BYTES,
  DEFAULT_TABLE_CLUSTERS,
  FEATURE,
  HEADER_BYTES,
  MAX_BACKING_NAME_BYTES,
} from './format.ts';
import { geometryOf } from './geometry.ts';
import { clusterSizeProblem, encodeHeader, tableSizeProblem } from './header.ts';
import type { BackingReference } from './image.ts';

export interface CreateOptions {
  /** Guest size in bytes; rounded up to a multiple of 512. */
  readonly imageBytes: number;
  readonly clusterBytes?: number;
  readonly tableClusters?: number;
  readonly backing?: BackingReference;
  /** Ask whoever opens the image in a machine to store what is read from the backing file. */
  readonly copyOnRead?: boolean;
  /** Ask whoever opens the image in a machine to stream it. Needs {@link copyOnRead}. */
  readonly stream?: boolean;
}

/**
 * Writes an empty image into `file`, durably. The header comes last: what a crash leaves is no QED image.
 * Fails with `invalid-argument` in QEMU's words when a size is out of range.
 */
export async function createQed(file: BlockFile, options: CreateOptions): Promise<Result<void>> {
  const clusterBytes = options.clusterBytes ?? DEFAULT_CLUSTER_BYTES;
  const tableClusters = options.tableClusters ?? DEFAULT_TABLE_CLUSTERS;
  const sizeProblem = clusterSizeProblem(clusterBytes) ?? tableSizeProblem(tableClusters);
  if (sizeProblem !== null) return err('invalid-argument', sizeProblem);
  const { maxImageBytes, tableBytes } = geometryOf(clusterBytes, tableClusters);
  const imageBytes = alignUp(options.imageBytes, SECTOR_BYTES);
  if (imageBytes > Math.min(maxImageBytes, Number.MAX_SAFE_INTEGER)) {
    return err(
      'invalid-argument',
      `QED image size must be a non-zero multiple of cluster size and less than ${maxImageBytes} bytes`,
    );
  }
  const flagProblem = flagsProblem(options);
  if (flagProblem !== null) return err('invalid-argument', flagProblem);

  const name = new TextEncoder().encode(options.backing?.name ?? '');
  if (name.length >= MAX_BACKING_NAME_BYTES) {
    return err('invalid-argument', `the backing file name is longer than ${MAX_BACKING_NAME_BYTES - 1} bytes`);
  }
  const headerClusters = Math.ceil((HEADER_BYTES + name.length) / clusterBytes);
  const l1TableOffset = headerClusters * clusterBytes;
  const header = encodeHeader({
    clusterBytes,
    tableClusters,
    headerClusters,
    features: featuresOf(options.backing),
    compatFeatures:
      (options.copyOnRead === true ? COMPAT_FEATURE.COPY_ON_READ : 0n) |
      (options.stream === true ? COMPAT_FEATURE.STREAM : 0n),
    autoclearFeatures: 0n,
    l1TableOffset,
    imageBytes,
    backingNameOffset: options.backing ? HEADER_BYTES : 0,
    backingNameBytes: name.length,
  });
  const steps = [
    () => file.setLength(0),
    () => file.setLength(l1TableOffset + tableBytes),
    () => (name.length > 0 ? file.write(HEADER_BYTES, name) : file.sync()),
    () => file.sync(),
    () => file.write(0, header),
    () => file.sync(),
  ];
  for (const step of steps) {
    const done = await step();
    if (!done.ok) return done;
  }
  return { ok: true, value: undefined };
}

function featuresOf(backing: BackingReference | undefined): bigint {
  if (backing === undefined) return 0n;
  return FEATURE.BACKING_FILE | (backing.raw ? FEATURE.BACKING_FORMAT_NO_PROBE : 0n);
}

function flagsProblem({ backing, copyOnRead, stream }: CreateOptions): string | null {
  if (copyOnRead === true && backing === undefined) return 'QED only supports copy_on_read with a backing file';
  if (stream === true && copyOnRead !== true) return 'QED only supports stream together with copy_on_read';
  return null;
}
