import path from 'node:path';
import { sleep, systemClock } from '../../../../shared/clock.ts';
import type { PublishedMaster } from '../../../../shared/master.ts';
import { err, ok, type Result } from '../../../../shared/result.ts';
import type { Range } from '../../../block/range.ts';
import { SerialConsole } from '../../../machines/expect.ts';
import type { ImageChain } from '../../../storage/chain/image-chain.ts';
import { publishedLayer } from '../../../storage/chain/published-master.ts';
import { CONTENT_STAMP_BYTES } from '../../../qed/content-stamp.ts';
import type { DiskEvent } from '../../../storage/disk/disk-events.ts';
import { createOverlay } from '../../../storage/overlays/create-overlay.ts';
import { formatBytes } from '../../display/quantities.ts';
import { V86Machine } from '../../../machines/v86/v86-machine.ts';
import { MachineSession } from '../../machine-session.ts';
import type { RecordingMachine } from './recording-machine.ts';

/** What a boot read, and the machine as it was after it. */
export interface RecordedBoot {
  readonly ranges: readonly Range[];
  /** Where it was saved, and the disk it was saved with; null where it was not to be. */
  readonly saved: { readonly state: string; readonly disk: ImageChain } | null;
}

export interface BootRecordingParts {
  /** Of the master. */
  readonly folder: string;
  /** Where the machine's overlay goes. */
  readonly scratch: string;
  readonly machine: RecordingMachine;
  /** What the guest says when it has booted. */
  readonly until: string;
  /** Whether the machine is saved when it has booted. */
  readonly save: boolean;
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
/** Linux writes what it has logged of its file system within five seconds. */
const REST_MS = 6000;
const LONGEST_UNREST_MS = 60_000;

/** A boot of a published master, watched by its disk, whatever runs the guest. */
export class BootRecording {
  readonly #parts: BootRecordingParts;
  readonly #over = new AbortController();
  #ranges: readonly Range[] | null = null;

  constructor(parts: BootRecordingParts) {
    this.#parts = parts;
  }

  /** Fails with `cancelled` when interrupted, and with what made the machine fail. */
  async run({ description }: PublishedMaster, interrupted: AbortSignal): Promise<Result<RecordedBoot>> {
    const { folder, scratch } = this.#parts;
    const backing = publishedLayer({ description, sources: [folder] });
    const chain = { location: path.join(scratch, 'boot.qed'), format: 'qed', backing } as const;
    const created = await createOverlay(chain, description.lengthBytes);
    if (!created.ok) return created;
    const session = await this.#open(chain);
    if (!session.ok) return session;
    const ranges = await this.#boot(session.value, interrupted);
    const state = path.join(scratch, 'machine.state');
    const saved =
      ranges.ok && this.#parts.save ? await this.#save(session.value, state, interrupted) : ranges;
    // What it wrote after it was saved, or at all when it is not, is not wanted.
    await session.value.machine.kill();
    const closed = await session.value.close();
    if (!ranges.ok) return ranges;
    if (!saved.ok) return saved;
    if (!closed.ok) return closed;
    return ok({ ranges: ranges.value, saved: this.#parts.save ? { state, disk: chain } : null });
  }

  /** Saves the machine once its guest has written what it was about to write; it stands still from then on. */
  async #save({ machine }: MachineSession, file: string, interrupted: AbortSignal): Promise<Result<number>> {
    if (!(machine instanceof V86Machine)) return err('unsupported', 'only machines in v86 can be saved');
    this.#parts.say('waiting until the guest rests');
    const rested = await machine.rest();
    if (!rested.ok) return rested;
    for (let waitedMs = 0, quietMs = 0; quietMs < REST_MS && waitedMs < LONGEST_UNREST_MS;) {
      const before = machine.progress.writeRequests;
      await sleep(systemClock, REFRESH_MS, interrupted);
      if (interrupted.aborted) return err('cancelled', 'interrupted');
      waitedMs += REFRESH_MS;
      quietMs = machine.progress.writeRequests === before ? quietMs + REFRESH_MS : 0;
    }
    this.#parts.say('saving the machine');
    // The disk gets its name when it is published.
    const contentStamp = '0'.repeat(2 * CONTENT_STAMP_BYTES);
    return machine.save({ file, contentStamp });
  }

  #open(chain: ImageChain): Promise<Result<MachineSession>> {
    const listen = (event: DiskEvent) => {
      if (event.kind !== 'boot-recorded') return;
      this.#ranges = event.ranges;
      // A state without a prompt is of no use: that has to be seen.
      if (!this.#parts.save) this.#over.abort();
    };
    return MachineSession.of({ chain, stream: 'off', listen }, this.#parts.machine);
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
