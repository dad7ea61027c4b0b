import { err, ok, type Result } from '../../shared/result.ts';
import type { StreamJobInfo } from '../streaming/job/stream-job.ts';
import type { MonitoredDisk, MonitorTarget } from './target.ts';

export interface FoundJob {
  readonly disk: MonitoredDisk;
  readonly job: StreamJobInfo;
}

/** The jobs of every disk, by the order of the disks. A disk that was closed meanwhile has none. */
export async function allJobs({ disks }: MonitorTarget): Promise<FoundJob[]> {
  const found = await Promise.all(
    disks().map(async (disk) => {
      const status = await disk.controls.status();
      return status.ok ? status.value.jobs.map((job) => ({ disk, job })) : [];
    }),
  );
  return found.flat();
}

export async function findJob(target: MonitorTarget, id: string): Promise<FoundJob | null> {
  return (await allJobs(target)).find(({ job }) => job.device === id) ?? null;
}

/** The disk that has a device or an image of this name. */
export async function findDisk({ disks }: MonitorTarget, name: string): Promise<Result<MonitoredDisk>> {
  const all = disks();
  const byDevice = all.find(({ device }) => device === name);
  if (byDevice !== undefined) return ok(byDevice);
  for (const disk of all) {
    const layers = await disk.controls.layers();
    if (layers.ok && layers.value.some(({ nodeName }) => nodeName === name)) return ok(disk);
  }
  return err('not-found', `Cannot find device='${name}' nor node-name='${name}'`);
}
