/**
 * Entry of a copy worker: a thread that moves data from a backing device to free space of an image file while the
 * thread that owns the image goes on serving the guest (ADR 1).
 */
import { parentPort, workerData } from 'node:worker_threads';
import { systemClock } from '../../../shared/clock.ts';
import { MASTER_FILES } from '../../../shared/master-files.ts';
import { DONE, err, ok, type Result } from '../../../shared/result.ts';
import { NodeFile } from '../../block/node-file.ts';
import type { Range } from '../../block/range.ts';
import { MirrorRecords } from '../../block/verified/mirror-record.ts';
import type { WrongBytes } from '../../block/verified/mirror-set.ts';
import { Allocator } from '../../qed/allocator.ts';
import { ClusterStore, type StoreOutcome } from '../../qed/cluster-store.ts';
import { DirectCopier, type ClusterCopier } from '../../qed/copier.ts';
import { answerCalls, type CallHandlers, type Tell } from '../../threads/answer-calls.ts';
import { standBack } from '../../threads/thread-priority.ts';
import { openChain } from '../chain/open.ts';
import { SourceSeals } from '../chain/source-seals.ts';
import type { CopyCalls, CopyWorkerData } from './copy-protocol.ts';
import { ReadyParts } from '../pack/shared-pack.ts';

async function openCopier(
  data: CopyWorkerData,
  allocator: Allocator,
  mirrors: MirrorRecords,
  onWrongBytes: (wrong: WrongBytes) => void,
): Promise<Result<ClusterCopier>> {
  const { source, imagePath, clusterBytes, connections } = data;
  const file = NodeFile.open(imagePath, { readOnly: false });
  if (!file.ok) return file;
  const parts = data.pack && new ReadyParts(data.pack, (message) => onWrongBytes(wrongPack(message)));
  const backing = await openChain(source, {
    clock: systemClock,
    readOnly: true,
    seals: new SourceSeals(data.seals),
    onWrongBytes,
    mirrors,
    parts,
    ...(connections !== undefined && { connections }),
  });
  if (!backing.ok) {
    await file.value.close();
    return backing;
  }
  const store = new ClusterStore(file.value, allocator, clusterBytes);
  return ok(new DirectCopier(backing.value, store, clusterBytes, parts));
}

function wrongPack(message: string): WrongBytes {
  return { mirror: '', file: MASTER_FILES.bootPack, offset: 0, failure: err('malformed', message).failure };
}

function handlersFor(data: CopyWorkerData, tell: Tell<WrongBytes>): CallHandlers<CopyCalls> {
  const allocator = new Allocator(data.clusterBytes, data.allocator);
  const mirrors = new MirrorRecords(systemClock, Math.random);
  let opening: Promise<Result<ClusterCopier>> | null = null;
  const copy = async (ranges: readonly Range[]): Promise<StoreOutcome> => {
    opening ??= openCopier(data, allocator, mirrors, tell);
    const copier = await opening;
    if (copier.ok) return copier.value.copy(ranges);
    // A source that cannot be opened now may be there at the next request.
    opening = null;
    return { placements: [], failure: copier };
  };
  return {
    async copy({ ranges, spare }) {
      allocator.takeOver(spare);
      const outcome = await copy(ranges);
      return ok({ outcome, spare: allocator.handOver() });
    },
    standBack() {
      standBack();
      return DONE;
    },
    mirrors: () => ok(mirrors.reports()),
  };
}

if (parentPort !== null) {
  const data = workerData as CopyWorkerData;
  answerCalls<CopyCalls, WrongBytes>(parentPort, (tell) => handlersFor(data, tell));
}
