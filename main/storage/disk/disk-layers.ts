import fs from 'node:fs';
import type { BlockDevice } from '../../block/device.ts';
import { QedDevice } from '../../qed/device.ts';
import { nodeNameOf, type ImageChain } from '../chain/image-chain.ts';
import { isRemote, localPath, resolveBacking, type ImageFormat } from '../chain/location.ts';

/** An image of an open disk, as it is at a moment. */
export interface DiskLayer {
  /** What jobs call it. */
  readonly nodeName: string;
  readonly location: string;
  readonly format: ImageFormat;
  readonly remote: boolean;
  readonly readOnly: boolean;
  /** What a guest would see; null while the image is not open in this chain. */
  readonly lengthBytes: number | null;
  /** Length of the file, and the space it takes; null for what is not on this machine. */
  readonly file: { readonly lengthBytes: number; readonly allocatedBytes: number } | null;
  /** Null for raw images. */
  readonly clusterBytes: number | null;
  /** As the header has it, and where that is; null where it names none. */
  readonly backing: { readonly name: string; readonly location: string; readonly raw: boolean } | null;
}

/** @param topmost the disk's uppermost image as it is open */
export function describeLayer(layer: ImageChain, topmost: BlockDevice): DiskLayer {
  const { location, format } = layer;
  const device = deviceAt(location, topmost);
  const image = device instanceof QedDevice ? device.image : null;
  const reference = image?.backing ?? null;
  return {
    nodeName: nodeNameOf(layer),
    location,
    format,
    remote: isRemote(location),
    readOnly: device?.readOnly ?? true,
    lengthBytes: device?.lengthBytes ?? null,
    file: isRemote(location) ? null : fileFacts(localPath(location)),
    clusterBytes: image?.geometry.clusterBytes ?? null,
    backing: reference && {
      name: reference.name,
      location: resolveBacking(location, reference.name),
      raw: reference.raw,
    },
  };
}

function deviceAt(location: string, device: BlockDevice): BlockDevice | null {
  if (device.name === location || device.name === localPath(location)) return device;
  return device instanceof QedDevice && device.backing !== null ? deviceAt(location, device.backing) : null;
}

/** A file may have been removed while it is open. */
function fileFacts(file: string): DiskLayer['file'] {
  const stat = fs.statSync(file, { throwIfNoEntry: false });
  return stat === undefined ? null : { lengthBytes: stat.size, allocatedBytes: stat.blocks * 512 };
}
