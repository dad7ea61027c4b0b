import { performance } from 'node:perf_hooks';
import { systemClock } from '../../../shared/clock.ts';
import type { PublishedMaster } from '../../../shared/master.ts';
import { err, ok, type Result } from '../../../shared/result.ts';
import { MachineSession } from '../../../main/cli/machine-session.ts';
import { SerialConsole } from '../../../main/machines/expect.ts';
import { publishedLayer } from '../../../main/storage/chain/published-master.ts';
import { createOverlay } from '../../../main/storage/overlays/create-overlay.ts';
import { fetchState } from '../../../main/storage/saved-state/fetch-state.ts';
import { publishedContentStamp } from '../../../main/storage/saved-state/published-state.ts';
import { UNLIMITED } from '../../../main/streaming/limits/bucket-chain.ts';
import type { Figures } from '../measure/interleave.ts';

export interface InstantArguments {
  readonly published: PublishedMaster;
  /** The overlay is made, and the state is put beside it. */
  readonly location: string;
  readonly memoryMiB: number;
  readonly prompt: string;
  readonly patienceMs: number;
}

/**
 * Starts a machine from the state that is published with its master, as the first `headwater run` does.
 * @returns seconds: `login`, until the prompt is shown; `answers`, until it answered a key; of these `download` of the state,
 * `restore` from the file to a guest that runs, and `waiting`, what its reads took together
 */
export async function measureInstant(given: InstantArguments): Promise<Result<Figures>> {
  const { published, location, memoryMiB, prompt, patienceMs } = given;
  const { description } = published;
  const contentStamp = publishedContentStamp(description);
  const chain = { location, format: 'qed', backing: publishedLayer(published) } as const;
  const startedMs = performance.now();
  const elapsed = () => (performance.now() - startedMs) / 1000;
  const created = await createOverlay(chain, description.lengthBytes, { contentStamp });
  if (!created.ok) return created;
  const file = `${location}.state`;
  const fetched = await fetchState(published, file, {
    clock: systemClock,
    limit: UNLIMITED,
    signal: new AbortController().signal,
    progress: () => undefined,
  });
  if (!fetched.ok) return fetched;
  const download = elapsed();
  const session = await MachineSession.open({ name: 'the guest', memoryMiB, chain, stream: 'off' });
  if (!session.ok) return session;
  const { disk, machine } = session.value;
  const guest = new SerialConsole(machine, systemClock, { withinMs: patienceMs });
  const started = await machine.start({ file, contentStamp, shared: true });
  const restored = elapsed();
  const prompted = started.ok ? await guest.waitFor(prompt) : started;
  const login = elapsed();
  guest.sendLine('');
  const answered = prompted.ok ? await guest.waitFor(prompt) : prompted;
  const answers = elapsed();
  const status = await disk.status();
  guest.dispose();
  await machine.kill();
  const closed = await session.value.close();
  if (!started.ok) return started;
  if (started.value.stateRefused !== null) return err('io', `it booted: ${started.value.stateRefused}`);
  if (!answered.ok) return answered;
  if (!status.ok) return status;
  if (!closed.ok) return closed;
  const waiting = status.value.guest.readMs / 1000;
  return ok({ login, answers, download, restore: restored - download, waiting });
}
