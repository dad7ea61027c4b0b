/** Real guests on real disks: an appliance of the set-up, its master served, an overlay in a folder of the test. */
import fs from 'node:fs';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import { systemClock } from '../../shared/clock.ts';
import { unwrap, type Result } from '../../shared/result.ts';
import { findBuiltAppliance, type InstalledAppliance } from '../../main/appliances/built-appliances.ts';
import { parseLinkSpec } from '../../main/serve/link-spec.ts';
import { MachineSession } from '../../main/cli/machine-session.ts';
import { appliancesFolder, firmwareFolder } from '../../main/cli/places.ts';
import { SerialConsole } from '../../main/machines/expect.ts';
import type { Machine, MachineState } from '../../main/machines/machine.ts';
import { reached } from '../../main/machines/reached.ts';
import { v86Maker } from '../../main/machines/v86/make-machine.ts';
import type { DiskThread } from '../../main/storage/disk/disk-thread.ts';
import type { ImageChain } from '../../main/storage/chain/image-chain.ts';
import { createOverlay } from '../../main/storage/overlays/create-overlay.ts';
import { qed, raw, Told } from './disk-workbench.ts';
import { serve, type RangeServer } from './served.ts';
import { tempFolder } from './temp-folder.ts';

/** Guests run many times slower on a busy machine. */
const PATIENCE = { withinMs: 300_000 };

export function installed(id: string): InstalledAppliance {
  return unwrap(findBuiltAppliance(appliancesFolder(), id));
}

export interface FarAppliance {
  readonly appliance: InstalledAppliance;
  readonly server: RangeServer;
  readonly overlay: string;
  /** The overlay over the server. */
  readonly chain: ImageChain;
  /** The overlay without anything behind it. */
  readonly alone: ImageChain;
}

/** An appliance whose master is at the other end of a line, and an empty overlay for it. */
export async function farAppliance(id: string, link: string): Promise<FarAppliance> {
  const appliance = installed(id);
  const server = await serve(appliance.masterPath, { link: unwrap(parseLinkSpec(link)) });
  const overlay = path.join(tempFolder(), `${id}.qed`);
  const chain = { location: overlay, format: 'qed', backing: raw(server.url) } as const;
  unwrap(await createOverlay(chain, appliance.description.disk.sizeBytes));
  return { appliance, server, overlay, chain, alone: qed(overlay, null) };
}

export interface Running {
  readonly session: MachineSession;
  readonly console: SerialConsole;
  readonly told: Told;
  /** Resolves when the machine enters a state that `wanted` accepts; at once when it is in one. */
  reached(wanted: (state: MachineState) => boolean): Promise<MachineState>;
}

/** What runs an appliance. */
export type MakeMachine = (appliance: InstalledAppliance, disk: DiskThread) => Result<Machine>;

export const inV86: MakeMachine = ({ description }, disk) => v86Maker(firmwareFolder())(description, disk);

/** Starts a machine, which is stopped with the running test if not before. */
export async function boot(
  { appliance }: Pick<FarAppliance, 'appliance'>,
  chain: ImageChain,
  stream: 'image' | 'off' = 'image',
  make: MakeMachine = inV86,
): Promise<Running> {
  const told = new Told();
  const session = unwrap(
    await MachineSession.of({ chain, stream, listen: told.listen }, (disk) => make(appliance, disk)),
  );
  const console = new SerialConsole(session.machine, systemClock, PATIENCE);
  onTestFinished(async () => {
    console.dispose();
    await session.machine.kill();
    await session.disk.close();
  });
  unwrap(await session.machine.start());
  return { session, console, told, reached: (wanted) => reached(session.machine, wanted) };
}

/** Bytes of the master of an appliance. */
export function masterOf({ appliance }: Pick<FarAppliance, 'appliance'>): Buffer {
  return fs.readFileSync(appliance.masterPath);
}
