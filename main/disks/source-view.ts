import type { DiskSource, SourceState } from '../../shared/ipc/disk-sources.ts';
import type { MirrorFault, MirrorReport } from '../block/verified/mirror-record.ts';

/** Requests are short and disks are looked at a few times a second: who was asked lately is called asked. */
const LATELY_MS = 1000;

/** A source as it is shown. @param nowMs moment of the clock that the report was made by */
export function sourceView(report: MirrorReport, nowMs: number): DiskSource {
  const { name, fault, failingSinceMs, wrongAnswers, firstByteMs, bytesPerSecond, broughtBytes } = report;
  const { running, askedAtMs, judgedAtMs } = report;
  return {
    location: name,
    state: fault === null ? (judgedAtMs === null ? 'untried' : 'answers') : stateOfFault(fault),
    failingForSeconds:
      failingSinceMs === null ? null : Math.max(0, Math.floor((nowMs - failingSinceMs) / 1000)),
    failure: fault?.failure ?? null,
    wrongAnswers,
    // Finer figures would only be other ones each time.
    firstByteMs: firstByteMs === null ? null : Math.round(firstByteMs),
    bytesPerSecond: bytesPerSecond === null ? null : Math.round(bytesPerSecond),
    broughtBytes,
    asked: running > 0 || (askedAtMs !== null && nowMs - askedAtMs < LATELY_MS),
  };
}

function stateOfFault({ kind, failure }: MirrorFault): SourceState {
  if (kind === 'late') return 'slow';
  if (kind === 'wrong-bytes') return 'wrong-bytes';
  return failure.code === 'source-unreachable' || failure.code === 'io' ? 'unreachable' : 'refuses';
}
