/**
 * Entry of a copy worker: a thread that moves data from a backing device to free space of an image file while the
 * thread that owns the image goes on serving the guest (ADR 1).
 */
import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import { systemClock } from '../../shared/clock.ts';
import type { Err, Result } from '../../shared/result.ts';
import { NodeFile } from '../block/node-file.ts';
import { Allocator } from '../qed/allocator.ts';
import { ClusterStore, type StoreOutcome } from '../qed/cluster-store.ts';
import { DirectCopier, type ClusterCopier } from '../qed/copier.ts';
import { openChain } from './chain/open.ts';
import { SourceSeals } from './chain/source-seals.ts';
import type { CopyMessage, CopyReply, CopyRequest, CopyWorkerData } from './copy-protocol.ts';
import { standBack } from './thread-priority.ts';

async function openCopier(data: CopyWorkerData): Promise<Result<ClusterCopier>> {
  const { source, imagePath, clusterBytes, connections } = data;
  const file = NodeFile.open(imagePath, { readOnly: false });
  if (!file.ok) return file;
  const backing = await openChain(source, {
    clock: systemClock,
    readOnly: true,
    seals: new SourceSeals(data.seals),
    ...(connections !== undefined && { connections }),
  });
  if (!backing.ok) {
    await file.value.close();
    return backing;
  }
  const store = new ClusterStore(file.value, new Allocator(clusterBytes, data.allocator), clusterBytes);
  return { ok: true, value: new DirectCopier(backing.value, store, clusterBytes) };
}

function serve(port: MessagePort, data: CopyWorkerData): void {
  if (data.standBack) standBack();
  // A source that cannot be opened now may be there at the next request.
  let opening: Promise<Result<ClusterCopier>> | null = null;
  const copy = async ({ id, ranges }: CopyRequest) => {
    opening ??= openCopier(data);
    const copier = await opening;
    if (!copier.ok) opening = null;
    const outcome: StoreOutcome = copier.ok ? await copier.value.copy(ranges) : failed(copier);
    port.postMessage({ id, outcome } satisfies CopyReply);
  };
  port.on('message', (message: CopyMessage) => {
    if (message === 'stand-back') standBack();
    else void copy(message);
  });
}

function failed(failure: Err): StoreOutcome {
  return { placements: [], failure };
}

if (parentPort !== null) serve(parentPort, workerData as CopyWorkerData);
