import { err, type Result } from '../../../shared/result.ts';
import type { PublishedMaster } from '../../../shared/master.ts';
import type { KnownParts } from '../../block/known-parts.ts';
import { FrameFlags } from '../../block/pack/frame-flags.ts';
import type { PackDescription } from '../../block/pack/load-index.ts';
import type { StoredPack } from '../../block/pack/stored-pack.ts';
import type { Range } from '../../block/range.ts';
import { openStoredPack } from '../chain/published-pack.ts';

/** A boot pack that the thread of the disk downloads, for other threads. Plain data. */
export interface SharedPack {
  readonly published: PublishedMaster;
  readonly pack: PackDescription;
  /** The local file. */
  readonly path: string;
  /** Memory of the {@link FrameFlags}. */
  readonly memory: SharedArrayBuffer;
}

/** What is here of a boot pack, for a thread that copies: it waits for nothing, and downloads nothing. */
export class ReadyParts implements KnownParts {
  readonly #shared: SharedPack;
  readonly #flags: FrameFlags;
  readonly #wrong: (message: string) => void;
  #opening: Promise<StoredPack | null> | null = null;

  /** @param wrong told when the hashes of the disk and the pack contradict each other */
  constructor(shared: SharedPack, wrong: (message: string) => void) {
    this.#shared = shared;
    this.#flags = new FrameFlags(shared.memory);
    this.#wrong = wrong;
  }

  async within(range: Range): Promise<readonly Range[]> {
    const pack = await this.#pack();
    return pack === null ? [] : pack.within(range);
  }

  async read(offset: number, target: Uint8Array): Promise<Result<void>> {
    const pack = await this.#pack();
    return pack === null ? err('not-found', 'the boot pack is not here') : pack.read(offset, target);
  }

  distrust({ offset, length }: Range): void {
    if (this.#flags.gone) return;
    this.#flags.giveUp();
    this.#wrong(
      `the boot pack holds other bytes than the disk: the ${length} bytes at ${offset} of the disk have another SHA-256`,
    );
  }

  async #pack(): Promise<StoredPack | null> {
    if (!this.#flags.inUse) return null;
    this.#opening ??= this.#open();
    return this.#opening;
  }

  async #open(): Promise<StoredPack | null> {
    const opened = await openStoredPack({ ...this.#shared, flags: this.#flags }, { readOnly: true });
    return opened.ok ? opened.value.pack : null;
  }
}
