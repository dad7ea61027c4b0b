import { z } from 'zod';
import { ON_ERROR } from '../../streaming/job/on-error.ts';
import { answerOf, refuse } from '../protocol/answer.ts';
import { int64 } from '../protocol/arguments.ts';
import { command, type Command } from '../protocol/command.ts';
import { allJobs, findDisk } from '../jobs.ts';
import type { MonitorTarget } from '../target.ts';

const text = z.string().optional();

const blockStream = z.object({
  'job-id': text,
  device: z.string(),
  base: text,
  'base-node': text,
  'backing-file': text,
  bottom: text,
  speed: int64.optional(),
  'on-error': z.enum(ON_ERROR).optional(),
  'filter-node-name': text,
  'auto-finalize': z.boolean().optional(),
  'auto-dismiss': z.boolean().optional(),
});

export type BlockStream = z.output<typeof blockStream>;

/** QEMU's `block-stream`: its arguments are those of a `StreamSpec`, by other names. */
export function streamCommand(target: MonitorTarget): Command {
  return command('block-stream', blockStream, async (given) => {
    const { device, base, bottom, speed = 0 } = given;
    const [first] = target.disks();
    const disk = await findDisk(target, device);
    // Whatever else is wrong is told before a device that is not there, by any disk.
    const asked = disk.ok ? disk.value : first;
    if (asked === undefined) return answerOf(disk);
    const jobId = given['job-id'] ?? (device === asked.device ? device : undefined);
    const used = (await allJobs(target)).some(({ disk: other, job }) => {
      return other.device !== asked.device && job.device === jobId;
    });
    if (jobId !== undefined && used) return refuse(`Job ID '${jobId}' already in use`);
    const started = await asked.controls.startStream({
      jobId,
      device,
      base,
      baseNode: given['base-node'],
      bottom,
      backingFile: given['backing-file'],
      speed,
      onError: given['on-error'] ?? 'report',
      filterNodeName: given['filter-node-name'],
      autoFinalize: given['auto-finalize'],
      autoDismiss: given['auto-dismiss'],
    });
    return answerOf(started);
  });
}
