import { performance } from 'node:perf_hooks';
import { systemClock } from '../../../shared/clock.ts';
import { ok, type Result } from '../../../shared/result.ts';
import { MachineSession } from '../../../main/cli/machine-session.ts';
import { SerialConsole } from '../../../main/machines/expect.ts';
import type { ImageChain } from '../../../main/storage/chain/image-chain.ts';
import { createOverlay } from '../../../main/storage/overlays/create-overlay.ts';
import type { Figures } from '../measure/interleave.ts';

export interface BootArguments {
  /** The overlay is made. */
  readonly chain: ImageChain & { readonly backing: ImageChain };
  readonly imageBytes: number;
  readonly memoryMiB: number;
  /** What the guest says on its serial line when one can log in. */
  readonly prompt: string;
  readonly stream: 'image' | 'off';
  readonly patienceMs: number;
}

/**
 * Boots a machine in v86 up to its login prompt, as `headwater run` does.
 * @returns seconds from the opening of the disk: `login`; `waiting`, what its reads took together; `ready`, when the boot
 * pack was here, where there is one; and `misses`, reads that neither image nor pack answered
 */
export async function measureBoot(given: BootArguments): Promise<Result<Figures>> {
  const created = await createOverlay(given.chain, given.imageBytes);
  if (!created.ok) return created;
  const startedMs = performance.now();
  const elapsed = () => (performance.now() - startedMs) / 1000;
  const ready: { ready?: number } = {};
  const session = await MachineSession.open({
    name: 'the guest',
    memoryMiB: given.memoryMiB,
    chain: given.chain,
    stream: given.stream,
    listen: (event) => {
      if (event.kind === 'boot-pack' && event.failure === null) ready.ready = elapsed();
    },
  });
  if (!session.ok) return session;
  const { disk, machine } = session.value;
  const guest = new SerialConsole(machine, systemClock, { withinMs: given.patienceMs });
  const started = await machine.start();
  const prompted = started.ok ? await guest.waitFor(given.prompt) : started;
  const login = elapsed();
  const status = await disk.status();
  guest.dispose();
  await machine.kill();
  const closed = await session.value.close();
  if (!prompted.ok) return prompted;
  if (!status.ok) return status;
  if (!closed.ok) return closed;
  const { missedReads, readMs } = status.value.guest;
  return ok({ login, waiting: readMs / 1000, misses: missedReads, ...ready });
}
