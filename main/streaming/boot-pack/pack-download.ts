import type { Clock } from '../../../shared/clock.ts';
import { DONE, err, type Err, type Result } from '../../../shared/result.ts';
import type { FrameFlags } from '../../block/pack/frame-flags.ts';
import type { PackFrame } from '../../block/pack/layout.ts';
import { KIB } from '../../../shared/units.ts';
import { BackOff, worthWaiting, type SourcePolicy } from '../waiting/back-off.ts';
import { AdaptiveWindow } from '../window/adaptive-window.ts';
import type { TransferWindow } from '../window/transfer-window.ts';
import { RECHECK_MS, type RateLimit } from '../limits/rate-limit.ts';
import { Wakeup } from '../waiting/wakeup.ts';

/** What a request is at least, where frames are shorter. Few and long ones cost less than many; a frame is soon there. */
const SMALLEST_REQUEST_BYTES = 128 * KIB;

export interface PackDownloadParts {
  readonly clock: Clock;
  readonly limit: RateLimit;
  readonly frames: readonly PackFrame[];
  readonly flags: FrameFlags;
  /** False for frames that nobody needs any more. */
  readonly needed: (frame: number) => boolean;
  /** What to do when no source answers. */
  readonly onSourceLost: SourcePolicy;
  /** Brings frames that follow each other, verified. */
  readonly fetch: (first: number, count: number) => Promise<Result<Uint8Array>>;
  readonly store: (first: number, count: number, bytes: Uint8Array) => Promise<Result<void>>;
}

/** Frames that are asked for together. */
interface Request {
  readonly first: number;
  readonly count: number;
  readonly bytes: number;
  /** A guest waits for it. */
  readonly demanded: boolean;
}

/**
 * Downloads a boot pack from front to end, as far ahead of its guest as line and limits let it. A frame that the guest
 * waits for comes next wherever it is, and is debited as demand is; what runs ahead of the guest takes its turn.
 */
export class PackDownload {
  readonly #parts: PackDownloadParts;
  readonly #window: TransferWindow;
  readonly #wakeup: Wakeup;
  readonly #backOff: BackOff;
  readonly #underWay = new Set<number>();
  readonly #waiting = new Map<number, ((came: boolean) => void)[]>();
  #outstandingBytes = 0;
  #front = 0;
  #lost: Err | null = null;
  #retryAtMs = -Infinity;
  #over = false;
  #fatal: Err | null = null;

  constructor(parts: PackDownloadParts) {
    this.#parts = parts;
    this.#window = new AdaptiveWindow(parts.clock, SMALLEST_REQUEST_BYTES);
    this.#wakeup = new Wakeup(parts.clock);
    this.#backOff = new BackOff(parts.onSourceLost);
  }

  /** Why nothing comes at the moment; null while it does. */
  get lost(): Err | null {
    return this.#lost;
  }

  /** Whether a frame that is not here yet is going to be. */
  isComing(frame: number): boolean {
    return !this.#over && this.#lost === null && this.#parts.needed(frame);
  }

  /** Resolves when a frame is here; false when it does not come, or not soon. */
  async arrival(frame: number): Promise<boolean> {
    const { flags, limit } = this.#parts;
    if (flags.isStored(frame)) return true;
    if (!this.isComing(frame)) return false;
    limit.demandBegan();
    const came = await new Promise<boolean>((resolve) => {
      this.#waiting.set(frame, [...(this.#waiting.get(frame) ?? []), resolve]);
      this.#wakeup.ring();
    });
    limit.demandEnded();
    return came;
  }

  /** Runs until every needed frame is here, or there is no hope of that. Returns with nothing under way. */
  async run(): Promise<Result<void>> {
    while (!this.#over) {
      const waitMs = this.#step();
      if (waitMs === null) break;
      if (waitMs > 0) await this.#wakeup.wait(waitMs);
    }
    this.#over = true;
    this.#release();
    while (this.#underWay.size > 0) await this.#wakeup.wait();
    return this.#fatal ?? DONE;
  }

  /** Ends it; what is under way is still stored. */
  stop(): void {
    this.#fatal ??= err('closed', 'the download of the boot pack was ended');
    this.#over = true;
    this.#wakeup.ring();
  }

  /** Tries at once what failed. */
  retryNow(): void {
    this.#retryAtMs = -Infinity;
    this.#wakeup.ring();
  }

  /** Sends one request if it may. @returns how long to wait before the next step; null when all is done */
  #step(): number | null {
    const { clock, limit } = this.#parts;
    const restMs = this.#retryAtMs - clock.now();
    if (restMs > 0) return restMs;
    // After a loss one request finds out whether the source is back.
    if (this.#lost !== null && this.#underWay.size > 0) return Infinity;
    const request = this.#next();
    if (request === null) return this.#underWay.size > 0 ? Infinity : null;
    if (request.demanded) limit.debit(request.bytes);
    else {
      if (!this.#window.admits(this.#outstandingBytes, request.bytes)) return Infinity;
      const delayMs = limit.take(request.bytes);
      if (delayMs > 0) return Math.min(delayMs, RECHECK_MS);
    }
    void this.#send(request);
    return 0;
  }

  #next(): Request | null {
    for (const frame of this.#waiting.keys()) {
      if (this.#isFree(frame)) return this.#requestFrom(frame, 1, true);
    }
    const { frames, flags, needed } = this.#parts;
    while (this.#front < frames.length && (flags.isStored(this.#front) || !needed(this.#front)))
      this.#front++;
    for (let frame = this.#front; frame < frames.length; frame++) {
      if (this.#isFree(frame)) return this.#requestFrom(frame, Infinity, false);
    }
    return null;
  }

  #isFree(frame: number): boolean {
    const { frames, flags, needed } = this.#parts;
    return frame < frames.length && !flags.isStored(frame) && needed(frame) && !this.#underWay.has(frame);
  }

  #requestFrom(first: number, mostFrames: number, demanded: boolean): Request {
    let bytes = 0;
    let count = 0;
    do {
      bytes += this.#parts.frames[first + count]?.storedBytes ?? 0;
      count++;
    } while (count < mostFrames && bytes < this.#window.requestBytes && this.#isFree(first + count));
    return { first, count, bytes, demanded };
  }

  async #send(request: Request): Promise<void> {
    const { first, count, bytes, demanded } = request;
    const numbers = Array.from({ length: count }, (_, index) => first + index);
    for (const frame of numbers) this.#underWay.add(frame);
    const fetched = await (demanded
      ? this.#parts.fetch(first, count)
      : this.#fetchInWindow(first, count, bytes));
    const stored = fetched.ok ? await this.#parts.store(first, count, fetched.value) : fetched;
    for (const frame of numbers) this.#underWay.delete(frame);
    if (stored.ok) this.#arrived(numbers);
    else this.#failed(request, stored);
    this.#wakeup.ring();
  }

  /** What is demanded in between is no part of this: the line is kept full for the rest of the pack. */
  async #fetchInWindow(first: number, count: number, bytes: number): Promise<Result<Uint8Array>> {
    const departure = this.#window.began(bytes, this.#outstandingBytes);
    this.#outstandingBytes += bytes;
    const fetched = await this.#parts.fetch(first, count);
    this.#outstandingBytes -= bytes;
    this.#window.ended(departure, fetched.ok ? bytes : null);
    return fetched;
  }

  #arrived(frames: readonly number[]): void {
    this.#lost = null;
    this.#backOff.reset();
    for (const frame of frames) {
      for (const resolve of this.#waiting.get(frame) ?? []) resolve(true);
      this.#waiting.delete(frame);
    }
  }

  #failed({ bytes }: Request, failed: Err): void {
    const { clock, limit, onSourceLost } = this.#parts;
    limit.refund(bytes);
    if (worthWaiting(onSourceLost, failed.failure)) {
      // What failed together is one failure.
      if (this.#retryAtMs <= clock.now())
        this.#retryAtMs = clock.now() + this.#backOff.nextMs(failed.failure);
      this.#lost = failed;
    } else {
      this.#fatal ??= failed;
      this.#over = true;
    }
    this.#release();
  }

  /** Who waits has to turn to the source itself. */
  #release(): void {
    const waiting = [...this.#waiting.values()].flat();
    this.#waiting.clear();
    for (const resolve of waiting) resolve(false);
  }
}
