import type { Clock } from '../../../shared/clock.ts';
import { DONE, err, ok, type Err, type Result } from '../../../shared/result.ts';
import type { BlockDevice } from '../../block/device.ts';
import { MirrorRecords } from '../../block/verified/mirror-record.ts';
import type { WrongBytes } from '../../block/verified/mirror-set.ts';
import { QedDevice } from '../../qed/device.ts';
import type { QedImage } from '../../qed/image.ts';
import { layersOf, withoutPorts, type ImageChain } from '../chain/image-chain.ts';
import { openChain } from '../chain/open.ts';
import type { ServedSource } from '../chain/served-source.ts';
import { SourceSeals } from '../chain/source-seals.ts';
import { WorkerCopier } from '../copy-worker/worker-copier.ts';
import type { DiskEvent } from './disk-events.ts';
import { DiskPack } from './disk-pack.ts';
import type { DiskSpec } from './disk-spec.ts';

/** How an open disk gets its bytes. */
export interface DiskSources {
  /** The topmost image, over all that is behind it. */
  readonly device: BlockDevice;
  /** Null where nothing is copied. */
  readonly copier: WorkerCopier | null;
  readonly served: readonly ServedSource[];
  readonly seals: SourceSeals;
  /** Null where the master has no boot pack. */
  readonly pack: DiskPack | null;
  /** What this thread knows of the sources of a published master. */
  readonly mirrors: MirrorRecords;
}

/** Opens the chain of a disk, with the thread that will copy for it and the boot pack of its master. */
export async function openSources(
  spec: DiskSpec,
  clock: Clock,
  tell: (event: DiskEvent) => void,
): Promise<Result<DiskSources>> {
  const seals = sealsOf(spec.chain);
  if (!seals.ok) return seals;
  let copier: WorkerCopier | null = null;
  const served: ServedSource[] = [];
  const onWrongBytes = (wrong: WrongBytes) => tell({ kind: 'wrong-bytes', wrong });
  const mirrors = new MirrorRecords(clock, Math.random);
  const pack = DiskPack.for(spec, {
    clock,
    onWrongBytes,
    mirrors,
    ended: (failure) => tell({ kind: 'boot-pack', failure }),
  });
  const copierOf = (image: QedImage, source: ImageChain): WorkerCopier => {
    const data = {
      source: withoutPorts(source),
      imagePath: image.file.path,
      clusterBytes: image.geometry.clusterBytes,
      connections: spec.connections,
      pack: pack?.shared,
      seals: { locations: seals.value.locations, memory: seals.value.memory },
    };
    return new WorkerCopier(data, image.table.allocator, onWrongBytes);
  };
  const opened = await openChain(spec.chain, {
    clock,
    readOnly: spec.readOnly,
    deferRemote: spec.onSourceLost === 'wait',
    seals: seals.value,
    onWrongBytes,
    mirrors,
    onServed: (source) => served.push(source),
    parts: pack?.parts,
    ...(spec.connections !== undefined && { connections: spec.connections }),
    qed: {
      // All changes a guest could see go through the device, which clears the stamp before the first one.
      keepContentStamp: true,
      onBackgroundFailure: ({ failure }) => tell({ kind: 'store-failed', failure }),
    },
    copier: (image, source) => (copier = copierOf(image, source)),
  });
  if (!opened.ok) return opened;
  const device = opened.value;
  const incomplete = lacksBacking(device);
  if (incomplete === null) return ok({ device, copier, served, seals: seals.value, pack, mirrors });
  await device.close();
  return incomplete;
}

function sealsOf(chain: ImageChain): Result<SourceSeals> {
  const layers = layersOf(chain);
  const seals = SourceSeals.for(layers.map(({ location }) => location));
  for (const { location, expected } of layers) {
    // The first version that is seen is the one that counts.
    const sealed = expected === undefined ? DONE : seals.check(location, expected);
    if (!sealed.ok) return sealed;
  }
  return ok(seals);
}

/** A guest on an overlay whose backing file nobody named would see zeroes where its data is, and write them back. */
function lacksBacking(device: BlockDevice): Err | null {
  if (!(device instanceof QedDevice)) return null;
  if (device.backing !== null) return lacksBacking(device.backing);
  if (device.image.backing === null) return null;
  return err(
    'invalid-argument',
    `'${device.name}' still needs its backing file ('${device.image.backing.name}'), which was not given`,
  );
}
