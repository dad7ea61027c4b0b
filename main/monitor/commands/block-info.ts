import type { DiskLayer } from '../../storage/disk/disk-layers.ts';
import type { Printable } from '../wire/json.ts';

const NO_LIMITS = { bps: 0, bps_rd: 0, bps_wr: 0, iops: 0, iops_rd: 0, iops_wr: 0 };

/** `ImageInfo` of QEMU's schema: an image, with what lies behind it. Null for none. */
function imageInfo([layer, ...behind]: readonly DiskLayer[]): Printable {
  if (layer === undefined) return undefined;
  const { location, format, lengthBytes, clusterBytes, backing, file } = layer;
  return {
    filename: location,
    format,
    'virtual-size': lengthBytes ?? 0,
    'actual-size': file?.allocatedBytes,
    'dirty-flag': false,
    'cluster-size': clusterBytes ?? undefined,
    'backing-filename': backing?.name,
    'full-backing-filename': backing?.location,
    'backing-filename-format': backing?.raw === true ? 'raw' : undefined,
    'backing-image': imageInfo(behind),
  };
}

/** `BlockDeviceInfo` of QEMU's schema: an image as a node of the graph. @param layers it, and those behind it */
export function nodeInfo(layers: readonly DiskLayer[], flat = false): Printable {
  const [layer] = layers;
  if (layer === undefined) return undefined;
  return {
    file: layer.location,
    'node-name': layer.nodeName,
    ro: layer.readOnly,
    drv: layer.format,
    backing_file: layer.backing?.name,
    // Also QEMU counts none where it is asked for no chain.
    backing_file_depth: flat ? 0 : layers.length - 1,
    encrypted: false,
    detect_zeroes: 'off',
    write_threshold: 0,
    cache: { writeback: true, direct: false, 'no-flush': false },
    image: imageInfo(flat ? [layer] : layers),
    ...NO_LIMITS,
  };
}

/** The file under an image: another node of QEMU's graph. Null for what is not on this machine. */
export function fileNodeInfo(layer: DiskLayer): Printable {
  const { file, location, nodeName, readOnly } = layer;
  if (file === null) return undefined;
  return {
    file: location,
    'node-name': `${nodeName}-file`,
    ro: readOnly,
    drv: 'file',
    backing_file_depth: 0,
    encrypted: false,
    detect_zeroes: 'off',
    write_threshold: 0,
    cache: { writeback: true, direct: false, 'no-flush': false },
    image: {
      filename: location,
      format: 'file',
      'virtual-size': file.lengthBytes,
      'actual-size': file.allocatedBytes,
      'dirty-flag': false,
    },
    ...NO_LIMITS,
  };
}
