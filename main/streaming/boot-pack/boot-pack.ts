import { sleep, type Clock } from '../../../shared/clock.ts';
import { err, type Failure, type Result } from '../../../shared/result.ts';
import type { KnownParts } from '../../block/known-parts.ts';
import type { FrameFlags } from '../../block/pack/frame-flags.ts';
import type { StoredPack } from '../../block/pack/stored-pack.ts';
import type { Range } from '../../block/range.ts';
import { BackOff, worthWaiting, type SourcePolicy } from '../waiting/back-off.ts';
import type { RateLimit } from '../limits/rate-limit.ts';
import { PackDownload } from './pack-download.ts';

/** Where a boot pack comes from, and where it is kept. Nothing of it is believed before it is verified. */
export interface PackSource {
  /** Opens the local file, with the head that it has or that the source brings. */
  open(): Promise<Result<StoredPack>>;
  /** Brings what is stored of frames that follow each other. */
  fetch(first: number, count: number): Promise<Result<Uint8Array>>;
  /** What is under way fails. */
  close(): Promise<void>;
}

export type PackPhase =
  /** Nobody asked for it yet. */
  | 'idle'
  /** On its way. */
  | 'coming'
  /** No source answers. */
  | 'waiting'
  /** What was needed is here. */
  | 'here'
  /** It is of no use any more: used up, or in some way wrong. */
  | 'gone';

export interface BootPackParts {
  readonly clock: Clock;
  readonly flags: FrameFlags;
  readonly source: PackSource;
  /** What to do when no source answers: codes not in it end the download. */
  readonly onSourceLost: SourcePolicy;
  /** Told when it is here, and when it is given up and why. */
  readonly ended: (failure: Failure | null) => void;
}

/** What is asked of the disk that the pack is for. */
export interface PackUser {
  readonly limit: RateLimit;
  /** False where it is known, without looking at the pack, that nothing of it is needed. */
  readonly needs: () => Promise<boolean>;
  /** Whether anything of a range is still to come. */
  readonly lacks: (range: Range) => Promise<boolean>;
}

/**
 * The boot pack of the master behind a disk, for the thread that serves the guest: downloaded ahead of it, and asked
 * first whenever the guest wants something. A byte that the pack brings is not fetched any other way, unless the pack
 * fails: then the source is asked as if there were no pack.
 */
export class BootPack implements KnownParts {
  readonly #parts: BootPackParts;
  readonly #backOff: BackOff;
  readonly #stop = new AbortController();
  #retry = new AbortController();
  #phase: PackPhase = 'idle';
  #pack: StoredPack | null = null;
  #download: PackDownload | null = null;
  #running: Promise<void> | null = null;
  /** Resolves when it is known what the pack holds, or that this is not to be known soon. */
  #index: Promise<void> = Promise.resolve();
  #indexKnown: () => void = () => {};

  constructor(parts: BootPackParts) {
    this.#parts = parts;
    this.#backOff = new BackOff(parts.onSourceLost);
  }

  get phase(): PackPhase {
    const lost = this.#download !== null && this.#download.lost !== null;
    return this.#phase === 'coming' && lost ? 'waiting' : this.#phase;
  }

  /** Frames needed and here, in bytes as they are stored; null before the pack is known. */
  get pack(): StoredPack | null {
    return this.#pack;
  }

  /** Downloads what `user` lacks. Once; later calls change nothing. */
  start(user: PackUser): void {
    if (this.#phase !== 'idle' || this.#stop.signal.aborted) return;
    this.#phase = 'coming';
    this.#index = new Promise((resolve) => {
      this.#indexKnown = resolve;
    });
    this.#running = this.#run(user);
  }

  async within(range: Range): Promise<readonly Range[]> {
    await this.#index;
    const { flags } = this.#parts;
    if (this.#pack === null || flags.gone) return [];
    return this.#pack.map
      .within(range)
      .filter(({ frame }) => flags.isStored(frame) || this.#download?.isComing(frame) === true);
  }

  async read(offset: number, target: Uint8Array): Promise<Result<void>> {
    const pack = this.#pack;
    if (pack === null) return err('not-found', 'there is no boot pack');
    const parts = pack.map.within({ offset, length: target.length });
    const frames = new Set(parts.map(({ frame }) => frame));
    const came = await Promise.all([...frames].map((frame) => this.#arrival(frame)));
    if (came.includes(false)) return err('source-unreachable', 'the boot pack does not come');
    const read = await pack.read(offset, target);
    if (!read.ok) this.#giveUp(read.failure);
    return read;
  }

  distrust({ offset, length }: Range): void {
    const { failure } = err(
      'malformed',
      `the boot pack holds other bytes than the disk: ${length} bytes at ${offset} have another SHA-256`,
    );
    this.#giveUp(failure);
  }

  /** Whatever waits for a source tries again at once. */
  retryNow(): void {
    this.#retry.abort();
    this.#download?.retryNow();
  }

  /** Nothing more is downloaded; resolves when nothing is under way. */
  async end(): Promise<void> {
    this.#stop.abort();
    this.#download?.stop();
    this.#indexKnown();
    await this.#parts.source.close();
    await this.#running;
  }

  async #arrival(frame: number): Promise<boolean> {
    if (this.#parts.flags.isStored(frame)) return true;
    return this.#download === null ? false : this.#download.arrival(frame);
  }

  async #run(user: PackUser): Promise<void> {
    const { flags, source, clock, onSourceLost } = this.#parts;
    if (!(await user.needs())) {
      this.#phase = 'gone';
      this.#indexKnown();
      return;
    }
    const pack = await this.#open();
    if (!pack.ok) {
      this.#giveUp(pack.failure);
      return;
    }
    const needed = await neededFrames(pack.value, user);
    if (this.#stop.signal.aborted || flags.gone) return;
    this.#download = new PackDownload({
      clock,
      limit: user.limit,
      frames: pack.value.index.frames,
      flags,
      needed: (frame) => needed.has(frame),
      onSourceLost,
      fetch: (first, count) => source.fetch(first, count),
      store: (first, count, bytes) => pack.value.store(first, count, bytes),
    });
    this.#pack = pack.value;
    flags.use();
    this.#indexKnown();
    const done = await this.#download.run();
    if (!done.ok) this.#giveUp(done.failure);
    else this.#complete();
  }

  #complete(): void {
    if (this.#phase !== 'coming') return;
    this.#phase = 'here';
    this.#parts.ended(null);
  }

  /** Opens the pack; where no source answers, again and again. Who asks meanwhile is not kept waiting. */
  async #open(): Promise<Result<StoredPack>> {
    const { source, clock, onSourceLost } = this.#parts;
    for (;;) {
      const pack = await source.open();
      if (pack.ok || this.#stop.signal.aborted || !worthWaiting(onSourceLost, pack.failure)) return pack;
      this.#indexKnown();
      this.#phase = 'waiting';
      this.#retry = new AbortController();
      const woken = AbortSignal.any([this.#stop.signal, this.#retry.signal]);
      await sleep(clock, this.#backOff.nextMs(pack.failure), woken);
      this.#phase = 'coming';
    }
  }

  /** What has arrived and is right stays in use; of a pack that is wrong nothing does. */
  #giveUp(failure: Failure): void {
    this.#indexKnown();
    if (this.#stop.signal.aborted || this.#phase === 'gone') return;
    this.#phase = 'gone';
    if (failure.code === 'malformed') this.#parts.flags.giveUp();
    this.#download?.stop();
    this.#parts.ended(failure);
  }
}

async function neededFrames({ index }: StoredPack, { lacks }: PackUser): Promise<Set<number>> {
  const needed = new Set<number>();
  for (const [number, { ranges }] of index.frames.entries()) {
    for (const range of ranges) {
      if (!(await lacks(range))) continue;
      needed.add(number);
      break;
    }
  }
  return needed;
}
