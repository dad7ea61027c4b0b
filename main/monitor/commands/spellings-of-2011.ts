import { z } from 'zod';
import type { Failure } from '../../../shared/result.ts';
import { EMPTY, refuse, type Answer } from '../protocol/answer.ts';
import { int64 } from '../protocol/arguments.ts';
import { command, type Command } from '../protocol/command.ts';
import { findJob } from '../jobs.ts';
import type { JobEnds } from '../job-ends.ts';
import type { MonitorTarget } from '../target.ts';

/**
 * The commands of the first image streaming in QEMU (the RFC of 2011, as it went into RHEL 6.2), with the error
 * classes of their time. A disk has one job, called like the disk. Differences to today's: a negative speed is none;
 * cancelling is answered when the job has stopped.
 */
export function spellingsOf2011(target: MonitorTarget, ends: JobEnds): Command[] {
  const cancelling = new Set<string>();
  return [
    command('block_stream', z.object({ device: z.string(), base: z.string().optional() }), async (given) => {
      const { device, base } = given;
      const disk = target.disks().find((one) => one.device === device);
      if (disk === undefined) return refuse(`Device '${device}' not found`, 'DeviceNotFound');
      const started = await disk.controls.startStream({
        device,
        jobId: device,
        base,
        speed: 0,
        onError: 'report',
      });
      return started.ok ? EMPTY : refusal(device, started.failure);
    }),
    command('block_job_cancel', z.object({ device: z.string() }), async ({ device }) => {
      const found = await findJob(target, device);
      if (found === null) return notActive(device);
      if (cancelling.has(device)) return inUse(device);
      cancelling.add(device);
      const end = ends.of(device);
      const asked = await found.disk.controls.controlJob(device, 'force-cancel');
      if (asked.ok) await end.reached;
      else end.forget();
      cancelling.delete(device);
      return asked.ok ? EMPTY : notActive(device);
    }),
    command('block_job_set_speed', z.object({ device: z.string(), value: int64 }), async (given) => {
      const { device, value } = given;
      const found = await findJob(target, device);
      if (found === null) return notActive(device);
      const set = await found.disk.controls.setSpeed(device, Math.max(0, value));
      return set.ok ? EMPTY : refusal(device, set.failure);
    }),
  ];
}

function refusal(device: string, { code, message }: Failure): Answer {
  if (code === 'busy' || code === 'already-exists') return inUse(device);
  return refuse(message, code === 'read-only' || code === 'unsupported' ? 'NotSupported' : 'GenericError');
}

function inUse(device: string): Answer {
  return refuse(`Device '${device}' is in use`, 'DeviceInUse');
}

function notActive(device: string): Answer {
  return refuse(`No active block job on device '${device}'`, 'DeviceNotActive');
}
