import { ok, type Failure, type Result } from '../../../shared/result.ts';
import type { DiskEvent } from './disk-events.ts';
import type { DiskSpec } from './disk-spec.ts';
import { DiskThread } from './disk-thread.ts';

export interface MachineDisk {
  readonly disk: DiskThread;
  /** Why streaming did not start though the image asks for it; the machine runs all the same. */
  readonly warning: Failure | null;
}

/** The job id of the streaming that starts by itself, on a disk that has no name. */
export const AUTO_STREAM_JOB = 'stream';

/**
 * Opens a disk for a machine: as {@link DiskThread.open}, and streaming starts by itself where the image asks for it
 * (RFC "QED image streaming", patches 6 to 8). Tools that only look at images open them without.
 * @param stream `off` overrides the image's flag
 */
export async function openMachineDisk(
  spec: DiskSpec,
  stream: 'image' | 'off',
  listen: (event: DiskEvent) => void = () => {},
): Promise<Result<MachineDisk>> {
  const disk = await DiskThread.open(spec, listen);
  if (!disk.ok) return disk;
  const status = await disk.value.status();
  if (!status.ok) {
    await disk.value.close();
    return status;
  }
  const wanted =
    stream === 'image' && status.value.flags.stream && !status.value.standalone && !spec.readOnly;
  if (!wanted) return ok({ disk: disk.value, warning: null });
  const started = await disk.value.startStream({
    jobId: spec.deviceName ?? AUTO_STREAM_JOB,
    speed: 0,
    onError: 'enospc',
  });
  return ok({ disk: disk.value, warning: started.ok ? null : started.failure });
}
