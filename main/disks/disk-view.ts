import type { DiskView, StreamState } from '../../shared/ipc/machines.ts';
import type { Failure, FailureCode } from '../../shared/result.ts';
import type { DiskRow } from '../catalog/tables/disks.ts';
import type { Master } from '../catalog/tables/masters.ts';
import type { StreamRow } from '../catalog/tables/streams.ts';
import type { WaitingReads } from '../storage/disk/disk-events.ts';
import type { DiskStatus } from '../storage/disk/open-disk.ts';
import type { CopyFacts } from './disk-rows.ts';
import type { BootNeeds } from './known-boots.ts';
import { sourceView } from './source-view.ts';

/** What was last found out about the image file. */
export interface FileFacts {
  /** Null while nobody has counted. */
  readonly localBytes: number | null;
  readonly standalone: boolean;
  /** What a start reads and is not local; null where it was not counted. */
  readonly bootMissingBytes: number | null;
  /** Space the file takes on the computer, in bytes. */
  readonly fileBytes: number;
  /** Why the image cannot be used: missing, half-made, damaged. */
  readonly problem: Failure | null;
}

/** All that is known of a disk at a moment. */
export interface DiskKnowledge {
  readonly row: DiskRow;
  readonly stream: StreamRow;
  /** What lies behind, topmost first. */
  readonly masters: readonly Master[];
  readonly boot: BootNeeds | null;
  readonly copy: CopyFacts | null;
  readonly file: FileFacts;
  /** Null while it is not open. */
  readonly status: DiskStatus | null;
  readonly waiting: WaitingReads | null;
  /** Why it could not be opened the last time. */
  readonly openFailure: Failure | null;
  /** Its own limit, or the default; 0 for none. */
  readonly limit: number;
  /** What holds the stream up that the user wants. */
  readonly heldBy: DiskView['heldBy'];
  /** By the clock. */
  readonly nowMs: number;
}

export function diskView(known: DiskKnowledge): DiskView {
  const { row, stream, masters, file, status, waiting } = known;
  const state = stateOf(known);
  const streaming = state === 'streaming';
  const complete = state === 'complete';
  return {
    id: row.id,
    machineId: row.machineId,
    masterId: row.masterId,
    masterName: masters[0]?.name ?? null,
    sourceId: masters.at(-1)?.id ?? null,
    copy: known.copy && { name: known.copy.name, users: [...known.copy.users] },
    kind: row.kind,
    path: row.path,
    lengthBytes: row.lengthBytes,
    localBytes: complete ? row.lengthBytes : localBytesOf(known),
    fileBytes: file.fileBytes,
    state,
    rate: streaming ? (status?.job?.rate ?? 0) : 0,
    etaMs: streaming ? (status?.job?.etaMs ?? null) : null,
    heldBy: state === 'paused' || state === 'not-started' ? known.heldBy : null,
    boot: bootOf(known, complete),
    bootPack: bootPackOf(known, complete),
    sources: complete ? [] : (status?.mirrors ?? []).map((report) => sourceView(report, known.nowMs)),
    limit: known.limit,
    ownLimit: stream.limit,
    priority: stream.priority,
    onError: stream.onError,
    failure: complete ? null : failureOf(known),
    waitingReads: waiting?.reads ?? 0,
  };
}

/** True while a job works or could go on. */
export function isActive(status: DiskStatus | null): boolean {
  const job = status?.job ?? null;
  return job !== null && job.status !== 'concluded' && job.status !== 'null';
}

function stateOf(known: DiskKnowledge): StreamState {
  const { row, stream, file, status } = known;
  if (file.problem !== null) return 'failed';
  if (status === null ? file.standalone : status.standalone) return 'complete';
  const failure = failureOf(known);
  if (failure !== null) return stateOfFailure(failure);
  if (isActive(status) && status?.job?.paused === false) return 'streaming';
  if (stream.wanted === 'stopped' || row.kind === 'linked') return 'not-started';
  if (stream.wanted === 'paused' || known.heldBy === 'metered' || known.heldBy === 'copy') return 'paused';
  return (file.localBytes ?? 0) > 0 ? 'paused' : 'not-started';
}

/** Counting in the image takes its time; what its job has settled since is known at every moment. */
function localBytesOf({ row, file, status }: DiskKnowledge): number | null {
  if (file.localBytes === null) return null;
  const settledBytes = isActive(status) ? (status?.job?.offset ?? 0) : 0;
  return Math.min(row.lengthBytes, Math.max(file.localBytes, settledBytes));
}

/** A linked disk leaves everything where it is; what a start needs of a complete one is here. */
function bootOf({ row, boot, file }: DiskKnowledge, complete: boolean): DiskView['boot'] {
  if (boot === null || (row.kind === 'linked' && !complete)) return null;
  return { bytes: boot.bytes, missingBytes: complete ? 0 : file.bootMissingBytes };
}

/** Only one that is on its way is anything to wait for. */
function bootPackOf({ status }: DiskKnowledge, complete: boolean): DiskView['bootPack'] {
  const pack = status?.bootPack ?? null;
  if (complete || pack === null || (pack.phase !== 'coming' && pack.phase !== 'waiting')) return null;
  return { hereBytes: pack.storedBytes, totalBytes: pack.lengthBytes, waiting: pack.phase === 'waiting' };
}

/** What the sources of a disk fail with when they are not there; a file of its own that is missing is a problem of the file. */
const SOURCE_IS_GONE: readonly FailureCode[] = ['source-unreachable', 'source-refused', 'not-found'];

/** A source that is not there is waited for; everything else needs the user. */
function stateOfFailure({ code }: Failure): StreamState {
  if (code === 'source-changed') return 'source-changed';
  return SOURCE_IS_GONE.includes(code) ? 'waiting-for-source' : 'failed';
}

function failureOf({ file, stream, waiting, status, openFailure, row }: DiskKnowledge): Failure | null {
  const found = file.problem ?? waiting?.failure ?? status?.job?.waitingForSource?.failure ?? null;
  if (found !== null) return found;
  const ended = stream.failure ?? openFailure;
  if (ended !== null) return ended;
  if (!isActive(status)) return null;
  const ioStatus = status?.job?.ioStatus;
  if (ioStatus === 'nospace') {
    return {
      code: 'no-space',
      message: `There is no room for '${row.path}'; make some, then resume`,
      words: ['disk-stalled-full', row.path],
    };
  }
  if (ioStatus !== 'failed') return null;
  return {
    code: 'io',
    message: `Streaming into '${row.path}' stopped on an error; resume to try again`,
    words: ['disk-stalled', row.path],
  };
}
