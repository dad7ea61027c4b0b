import { z } from 'zod';
import type { Result } from '../../../shared/result.ts';
import type { StreamJobInfo } from '../../streaming/job/stream-job.ts';
import type { JobControl } from '../../storage/disk/disk-protocol.ts';
import { answerOf, refuse, type Answer } from '../protocol/answer.ts';
import { int64 } from '../protocol/arguments.ts';
import { command, type Command } from '../protocol/command.ts';
import { allJobs, findJob, type FoundJob } from '../jobs.ts';
import type { MonitorTarget } from '../target.ts';
import type { Printable } from '../wire/json.ts';

const byDevice = z.object({ device: z.string() });
const byId = z.object({ id: z.string() });
const nothing = z.object({});

/** What is done with jobs once they are there: by the names of QEMU 1.3, and by those of 3.0 for jobs of any kind. */
export function jobCommands(target: MonitorTarget): Command[] {
  const verb = (id: string, wanted: JobControl, missing: (id: string) => Answer) =>
    withJob(target, id, missing, ({ disk }) => disk.controls.controlJob(id, wanted));
  const blockJob = (name: string, wanted: JobControl) =>
    command(`block-job-${name}`, byDevice, ({ device }) => verb(device, wanted, notActive));
  const endedBlockJob = (name: string, wanted: JobControl) =>
    command(`block-job-${name}`, byId, ({ id }) => verb(id, wanted, notActive));
  const job = (name: string, wanted: JobControl) =>
    command(`job-${name}`, byId, ({ id }) => verb(id, wanted, () => refuse('Job not found')));
  return [
    command('block-job-set-speed', z.object({ device: z.string(), speed: int64 }), ({ device, speed }) =>
      withJob(target, device, notActive, ({ disk }) => disk.controls.setSpeed(device, speed)),
    ),
    command(
      'block-job-cancel',
      z.object({ device: z.string(), force: z.boolean().optional() }),
      ({ device, force }) => verb(device, force === true ? 'force-cancel' : 'cancel', notActive),
    ),
    blockJob('pause', 'pause'),
    blockJob('resume', 'resume'),
    blockJob('complete', 'complete'),
    endedBlockJob('dismiss', 'dismiss'),
    endedBlockJob('finalize', 'finalize'),
    job('pause', 'pause'),
    job('resume', 'resume'),
    // As in QEMU this one does not mind that the job is paused.
    job('cancel', 'force-cancel'),
    job('complete', 'complete'),
    job('dismiss', 'dismiss'),
    job('finalize', 'finalize'),
    command('query-jobs', nothing, async () => ({
      return: (await allJobs(target)).map((found) => jobInfo(found.job)),
    })),
    command('query-block-jobs', nothing, async () => ({
      return: (await allJobs(target)).map((found) => blockJobInfo(found.job)),
    })),
  ];
}

async function withJob(
  target: MonitorTarget,
  id: string,
  missing: (id: string) => Answer,
  act: (found: FoundJob) => Promise<Result<void>>,
): Promise<Answer> {
  const found = await findJob(target, id);
  if (found === null) return missing(id);
  const done = await act(found);
  // It may have ended between the two.
  return !done.ok && done.failure.code === 'not-found' ? missing(id) : answerOf(done);
}

export function notActive(id: string): Answer {
  return refuse(`Block job '${id}' not found`, 'DeviceNotActive');
}

/** `JobInfo` of QEMU's schema. */
function jobInfo({ device, type, status, offset, len, error }: StreamJobInfo): Printable {
  return { id: device, type, status, 'current-progress': offset, 'total-progress': len, error };
}

/** `BlockJobInfo` of QEMU's schema. */
function blockJobInfo(job: StreamJobInfo): Printable {
  const { type, device, len, offset, speed, busy, paused, ready, status, error } = job;
  return {
    ...{ type, device, len, offset, speed, busy, paused, ready, status, error },
    'io-status': job.ioStatus,
    'auto-finalize': job.autoFinalize,
    'auto-dismiss': job.autoDismiss,
  };
}
