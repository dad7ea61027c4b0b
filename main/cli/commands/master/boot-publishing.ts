import path from 'node:path';
import type { MasterDescription } from '../../../../shared/master.ts';
import { ok, type Result } from '../../../../shared/result.ts';
import { runMasterTask } from '../../../masters/publish/master-tasks.ts';
import type { ImageChain } from '../../../storage/chain/image-chain.ts';
import type { RecordedBoot } from './boot-recording.ts';

/** A published master whose boot is published with it. */
export interface BootedMaster {
  readonly folder: string;
  readonly master: MasterDescription;
}

export interface PublishingParts {
  readonly signal: AbortSignal;
  /** Told how far it is. */
  readonly say: (text: string) => void;
}

/**
 * Publishes what came of a boot. Without a saved machine the master that was booted gets the profile and its pack; with
 * one a second master is published, with the disk as the guest left it, which gets state, profile and pack.
 */
export class BootPublishing {
  readonly #folder: string;
  readonly #parts: PublishingParts;

  /** @param folder of the master that was booted */
  constructor(folder: string, parts: PublishingParts) {
    this.#folder = folder;
    this.#parts = parts;
  }

  async publish({ ranges, saved }: RecordedBoot): Promise<Result<BootedMaster>> {
    const folder = saved === null ? ok(this.#folder) : await this.#publishDisk(saved.disk);
    if (!folder.ok) return folder;
    // A boot of the second master reads the same, and the little that the guest wrote.
    const boot = { folder: folder.value, ranges };
    const booted = await runMasterTask('publishBoot', boot, this.#told('compressing what the boot reads'));
    if (!booted.ok) return booted;
    if (saved === null) return ok({ folder: folder.value, master: booted.value });
    const state = { folder: folder.value, state: saved.state, savedAtMs: momentOfPublishing() };
    const stated = await runMasterTask('publishState', state, this.#told('compressing the machine'));
    return stated.ok ? ok({ folder: folder.value, master: stated.value }) : stated;
  }

  /** @returns its folder, beside that of the first */
  async #publishDisk(source: ImageChain): Promise<Result<string>> {
    const out = path.dirname(path.dirname(this.#folder));
    const published = await runMasterTask('publish', { source, out }, this.#told('publishing the disk'));
    return published.ok ? ok(published.value.folder) : published;
  }

  #told(what: string) {
    const { signal, say } = this.#parts;
    return { signal, onProgress: (fraction: number) => say(`${what}: ${Math.round(fraction * 100)} %`) };
  }
}

/** As for all that is to be the same each time it is made: https://reproducible-builds.org/specs/source-date-epoch/ */
function momentOfPublishing(): number {
  const epoch = process.env['SOURCE_DATE_EPOCH'];
  return epoch === undefined ? Date.now() : Number(epoch) * 1000;
}
