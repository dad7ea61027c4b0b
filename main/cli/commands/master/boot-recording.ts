import path from 'node:path';
import { sleep, systemClock } from '../../../../shared/clock.ts';
import type { PublishedMaster } from '../../../../shared/master.ts';
import { err, ok, type Result } from '../../../../shared/result.ts';
import type { Range } from '../../../block/range.ts';
import { SerialConsole } from '../../../machines/expect.ts';
import type { ImageChain } from '../../../storage/chain/image-chain.ts';
import { publishedLayer } from '../../../storage/chain/published-master.ts';
import { createOverlay } from '../../../storage/overlays/create-overlay.ts';
import { formatBytes } from '../../display/quantities.ts';
import { MachineSession } from '../../machine-session.ts';

export interface BootRecordingParts {
  /** Of the master. */
  readonly folder: string;
  /** Where the machine's overlay goes. */
  readonly scratch: string;
  readonly memoryMiB: number;
  /** What the guest says when it has booted. */
  readonly until: string;
  /** Told how far it is. */
  readonly say: (text: string) => void;
}

/** What runs on behind the prompt belongs to the boot as well, as long as it takes no longer than this. */
const SETTLE_MS = 3000;
/** A guest that has not booted by then is stuck, even on a slow and busy computer. */
const PATIENCE = { withinMs: 1_800_000 };
/** A kernel may unpack itself for long on a slow computer; only a guest that never prompts is over when it is quiet. */
const QUIET_MS = 180_000;
const REFRESH_MS = 500;

/** A boot of a published master in v86, watched by its disk. */
export class BootRecording {
  readonly #parts: BootRecordingParts;
  readonly #over = new AbortController();
  #ranges: readonly Range[] | null = null;

  constructor(parts: BootRecordingParts) {
    this.#parts = parts;
  }

  /** Fails with `cancelled` when interrupted, and with what made the machine fail. */
  async run({ description }: PublishedMaster, interrupted: AbortSignal): Promise<Result<readonly Range[]>> {
    const { folder, scratch, memoryMiB } = this.#parts;
    const backing = publishedLayer({ description, sources: [folder] });
    const chain = { location: path.join(scratch, 'boot.qed'), format: 'qed', backing } as const;
    const created = await createOverlay(chain, description.lengthBytes);
    if (!created.ok) return created;
    const session = await this.#open(chain, memoryMiB);
    if (!session.ok) return session;
    const recorded = await this.#boot(session.value, interrupted);
    // Its overlay is thrown away: there is nothing in it to be saved.
    await session.value.machine.kill();
    const closed = await session.value.close();
    if (!recorded.ok) return recorded;
    return closed.ok ? recorded : closed;
  }

  #open(chain: ImageChain, memoryMiB: number): Promise<Result<MachineSession>> {
    return MachineSession.open({
      name: 'the master',
      memoryMiB,
      chain,
      stream: 'off',
      listen: (event) => {
        if (event.kind !== 'boot-recorded') return;
        this.#ranges = event.ranges;
        this.#over.abort();
      },
    });
  }

  async #boot(
    { machine, disk }: MachineSession,
    interrupted: AbortSignal,
  ): Promise<Result<readonly Range[]>> {
    const watching = await disk.recordBoot(QUIET_MS);
    if (!watching.ok) return watching;
    const guest = new SerialConsole(machine, systemClock, PATIENCE);
    const started = await machine.start();
    if (!started.ok) return started;
    const prompt = guest.waitFor(this.#parts.until).then(async (seen) => {
      if (!seen.ok) return seen;
      await sleep(systemClock, SETTLE_MS, interrupted);
      return disk.bootEnded();
    });
    void prompt.then(() => this.#over.abort());
    const wake = AbortSignal.any([this.#over.signal, interrupted]);
    while (!wake.aborted) {
      const { readBytes, readRequests } = machine.progress;
      this.#parts.say(`booting: ${formatBytes(readBytes)} read in ${readRequests} requests`);
      await sleep(systemClock, REFRESH_MS, wake);
    }
    guest.dispose();
    if (interrupted.aborted) return err('cancelled', 'interrupted');
    if (this.#ranges !== null) return ok(this.#ranges);
    const end = await prompt;
    return end.ok ? err('io', 'the boot read nothing of the disk') : end;
  }
}
