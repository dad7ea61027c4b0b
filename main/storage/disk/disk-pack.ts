import fs from 'node:fs';
import type { Clock } from '../../../shared/clock.ts';
import type { Failure } from '../../../shared/result.ts';
import type { KnownParts } from '../../block/known-parts.ts';
import { FrameFlags } from '../../block/pack/frame-flags.ts';
import type { Range } from '../../block/range.ts';
import type { MirrorRecords } from '../../block/verified/mirror-record.ts';
import type { WrongBytes } from '../../block/verified/mirror-set.ts';
import type { QedDevice } from '../../qed/device.ts';
import { WAIT, type SourcePolicy } from '../../streaming/waiting/back-off.ts';
import { BootPack, type PackPhase } from '../../streaming/boot-pack/boot-pack.ts';
import type { RateLimit } from '../../streaming/limits/rate-limit.ts';
import { isRemoteLayer } from '../chain/image-chain.ts';
import { localPath } from '../chain/location.ts';
import { PublishedPack } from '../chain/published-pack.ts';
import { packFileOf } from '../pack/pack-file.ts';
import type { SharedPack } from '../pack/shared-pack.ts';
import type { DiskSpec } from './disk-spec.ts';

/** A pack that is wrong, or not there, is done without. One that cannot be reached at the moment is waited for. */
const PATIENCE: SourcePolicy = { ...WAIT, codes: ['source-unreachable'] };

/** How far a boot pack is. */
export interface PackStatus {
  readonly phase: PackPhase;
  /** Bytes of it that are here, and of all of it. */
  readonly storedBytes: number;
  readonly lengthBytes: number;
}

export interface DiskPackParts {
  readonly clock: Clock;
  readonly onWrongBytes: (wrong: WrongBytes) => void;
  readonly mirrors: MirrorRecords;
  /** Told when the pack is here, and when it is given up and why. */
  readonly ended: (failure: Failure | null) => void;
}

/**
 * The boot pack of a disk that lies directly on a published master: downloaded when a guest comes, kept beside the
 * image until all that it brings is in there.
 */
export class DiskPack {
  readonly shared: SharedPack;
  readonly #path: string;
  readonly #profile: readonly Range[] | undefined;
  readonly #source: PublishedPack;
  readonly #flags: FrameFlags;
  readonly #pack: BootPack;

  /** Null where no pack was published, or none is of use. */
  static for(spec: DiskSpec, parts: DiskPackParts): DiskPack | null {
    const { chain, readOnly, copyOnRead, bootProfile } = spec;
    const published = chain.backing?.published;
    const pack = published?.description.bootPack;
    if (chain.backing === null || published === undefined || pack === undefined) return null;
    // What lies on this computer need not be brought nearer.
    if (!isRemoteLayer(chain.backing)) return null;
    if (readOnly || copyOnRead === 'off' || chain.format !== 'qed') return null;
    const path = packFileOf(localPath(chain.location));
    const flags = new FrameFlags();
    const shared = { published, pack, path, memory: flags.memory };
    const source = PublishedPack.over({ ...shared, ...parts, flags });
    return source.ok ? new DiskPack(shared, bootProfile, source.value, flags, parts) : null;
  }

  private constructor(
    shared: SharedPack,
    profile: readonly Range[] | undefined,
    source: PublishedPack,
    flags: FrameFlags,
    { clock, ended }: DiskPackParts,
  ) {
    this.shared = shared;
    this.#path = shared.path;
    this.#profile = profile;
    this.#source = source;
    this.#flags = flags;
    this.#pack = new BootPack({ clock, flags, source, onSourceLost: PATIENCE, ended });
  }

  get parts(): KnownParts {
    return this.#pack;
  }

  /** True while the pack is on its way: what is not urgent leaves the line to it. */
  get comesFirst(): boolean {
    return this.#pack.phase === 'coming';
  }

  get status(): PackStatus {
    const frames = this.#pack.pack?.index.frames ?? [];
    const stored = frames.filter((_, frame) => this.#flags.isStored(frame));
    return {
      phase: this.#pack.phase,
      storedBytes: stored.reduce((sum, { storedBytes }) => sum + storedBytes, 0),
      lengthBytes: this.shared.pack.lengthBytes,
    };
  }

  /** A guest came: downloads what of the pack its disk lacks. */
  start(overlay: QedDevice, limit: RateLimit): void {
    const lacks = (range: Range) => lacksAnyOf(overlay, range);
    const needs = async () => {
      const usedUp = await this.#isUsedUp(overlay);
      if (usedUp) this.#remove();
      return !usedUp;
    };
    this.#pack.start({ limit, lacks, needs });
  }

  retryNow(): void {
    this.#pack.retryNow();
  }

  /** Nobody waits for it any more: what is under way fails. */
  letGo(): void {
    void this.#pack.end();
  }

  /** Ends the download. @returns what removes the file where nothing of it is needed, once the image is closed */
  async end(overlay: QedDevice): Promise<() => void> {
    await this.#pack.end();
    const usedUp = await this.#isUsedUp(overlay);
    return () => {
      void this.#source.closeFile();
      if (usedUp || this.#flags.gone) this.#remove();
    };
  }

  /** The image needs nothing that it does not have: neither will anybody need the file. */
  completed(): void {
    this.#flags.giveUp();
    this.#remove();
  }

  /** Whether the image has all that the pack, or at least the profile of the same boot, is about. */
  async #isUsedUp(overlay: QedDevice): Promise<boolean> {
    if (overlay.image.backing === null) return true;
    const ranges = this.#pack.pack?.index.frames.flatMap((frame) => frame.ranges) ?? this.#profile;
    if (ranges === undefined) return false;
    for (const range of ranges) if (await lacksAnyOf(overlay, range)) return false;
    return true;
  }

  #remove(): void {
    // One that cannot be deleted now goes with the image.
    fs.rmSync(this.#path, { force: true });
  }
}

/** When in doubt, yes: then it is looked at again later. */
async function lacksAnyOf(overlay: QedDevice, { offset, length }: Range): Promise<boolean> {
  const missing = await overlay.findMissing(offset, offset + length);
  return !missing.ok || missing.value !== null;
}
