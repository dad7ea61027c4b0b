import type { WaitingReads } from '../../storage/disk/disk-events.ts';
import type { DiskStatus } from '../../storage/disk/open-disk.ts';
import { bar } from './bar.ts';
import { formatBytes, formatDuration, formatRate } from './quantities.ts';

/**
 * How far the streaming of a disk has come, in one line: local / total, rate, time left, what waits.
 * @param localBytes what was local before: a job comes by it one by one
 */
export function describeProgress(status: DiskStatus, waiting: WaitingReads | null, localBytes = 0): string {
  const { job } = status;
  if (status.standalone) return `${bar(1)} 100 %  complete: needs no backing file any more`;
  if (job === null) return 'not streaming';
  const local = Math.max(localBytes, job.offset);
  const done = job.len === 0 ? 1 : local / job.len;
  const parts = [
    `${bar(done)} ${Math.floor(done * 100)} %`,
    `${formatBytes(local)} of ${formatBytes(job.len)} local`,
  ];
  if (job.status === 'paused' || job.paused)
    parts.push(job.ioStatus === 'ok' ? 'paused' : 'stopped by an error');
  else if (job.waitingForSource !== null) parts.push('waiting for the source');
  else parts.push(formatRate(job.rate));
  if (job.etaMs !== null) parts.push(`${formatDuration(job.etaMs)} left`);
  if (waiting !== null)
    parts.push(`${waiting.reads} guest read${waiting.reads === 1 ? '' : 's'} waiting for data`);
  return parts.join('  ');
}
