import fs from 'node:fs';
import path from 'node:path';
import { systemClock } from '../../../../shared/clock.ts';
import type { MasterDescription } from '../../../../shared/master.ts';
import { err, ok, type Result } from '../../../../shared/result.ts';
import { findBuiltAppliance } from '../../../../main/appliances/built-appliances.ts';
import { publishMaster } from '../../../../main/masters/publish/publish-master.ts';
import { BootPublishing } from '../../../../main/cli/commands/master/boot-publishing.ts';
import { BootRecording } from '../../../../main/cli/commands/master/boot-recording.ts';
import { appliancesFolder, firmwareFolder } from '../../../../main/cli/places.ts';
import { v86Maker } from '../../../../main/machines/v86/make-machine.ts';
import type { Workshop } from '../../workshop/workshop.ts';

export interface RecordedMaster {
  readonly memoryMiB: number;
  /** What its guest says when one can log in. */
  readonly prompt: string;
  readonly description: MasterDescription;
  readonly folder: string;
}

/**
 * Publishes an appliance that was built, with a boot that is recorded now.
 * @param save whether the machine is saved after it, and published with the disk it has then
 */
export async function recordMaster(
  workshop: Workshop,
  id: string,
  { save }: { readonly save: boolean } = { save: false },
): Promise<Result<RecordedMaster>> {
  const found = findBuiltAppliance(appliancesFolder(), id);
  if (!found.ok) return err('not-found', `${found.failure.message}; or: headwater appliances build ${id}`);
  const { description: appliance, masterPath } = found.value;
  const { memoryMiB } = appliance;
  const prompt = appliance.serial?.loginPrompt ?? 'login: ';
  const { signal } = new AbortController();
  const context = { clock: systemClock, signal, progress: () => undefined };
  const source = { location: masterPath, format: 'raw', backing: null } as const;
  const published = await publishMaster({ source, out: workshop.folder }, context);
  if (!published.ok) return published;
  const folder = path.join(workshop.folder, 'masters', published.value.description.sha256);
  const scratch = fs.mkdtempSync(path.join(workshop.folder, 'recording-'));
  const recorded = await new BootRecording({
    folder,
    scratch,
    machine: (disk) => v86Maker(firmwareFolder())({ name: id, memoryMiB }, disk),
    until: prompt,
    save,
    say: () => undefined,
  }).run({ description: published.value.description, sources: [folder] }, signal);
  const publishing = new BootPublishing(folder, { signal, say: () => undefined });
  const booted = recorded.ok ? await publishing.publish(recorded.value) : recorded;
  fs.rmSync(scratch, { recursive: true, force: true });
  if (!booted.ok) return booted;
  return ok({ memoryMiB, prompt, description: booted.value.master, folder: booted.value.folder });
}
