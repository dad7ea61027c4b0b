/** Looks at machines and their disks as the services tell of them. */
import { expect, vi } from 'vitest';
import type { BackEnd } from '../../main/app/back-end.ts';
import { BlockPortClient } from '../../main/storage/block-port/client.ts';
import type { DiskView, MachineView } from '../../shared/ipc/machines.ts';
import { unwrap } from '../../shared/result.ts';

/** For what threads and timers bring about. */
export const PATIENCE = { timeout: 30_000, interval: 20 };

export function onlyDisk({ disks: [disk] }: MachineView): DiskView {
  if (disk === undefined) throw new Error('the machine has no disk');
  return disk;
}

export async function machineOf({ machines }: BackEnd, id: string): Promise<MachineView> {
  const found = unwrap(await machines.list()).find((machine) => machine.id === id);
  if (found === undefined) throw new Error(`there is no machine ${id}`);
  return found;
}

/** Waits until a machine's disk looks as wanted. */
export async function diskIs(
  backEnd: BackEnd,
  machineId: string,
  wanted: Partial<DiskView>,
): Promise<DiskView> {
  return vi.waitFor(async () => {
    const disk = onlyDisk(await machineOf(backEnd, machineId));
    expect(disk).toMatchObject(wanted);
    return disk;
  }, PATIENCE);
}

/** The guest's view of a machine's disk, while nobody else has it open. */
export async function asGuest<T>(
  backEnd: BackEnd,
  diskId: string,
  work: (disk: BlockPortClient) => Promise<T>,
): Promise<T> {
  const opened = unwrap(await backEnd.disks.acquire(diskId));
  const client = unwrap(await BlockPortClient.connect(unwrap(await opened.connect())));
  const result = await work(client);
  unwrap(await client.close());
  await backEnd.disks.release(diskId);
  return result;
}
