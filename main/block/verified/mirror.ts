import type { Clock } from '../../../shared/clock.ts';
import { type Failure, type Result, err } from '../../../shared/result.ts';
import { closedFailure } from '../bounds.ts';
import type { MasterFile, MasterSource, SourceFile } from './master-source.ts';
import { MirrorHealth, type MirrorState } from './mirror-health.ts';

/** What is known of a mirror at a moment. */
export interface MirrorReport {
  readonly name: string;
  readonly state: MirrorState;
  /** Estimates; null where nothing was measured. */
  readonly firstByteMs: number | null;
  readonly bytesPerSecond: number | null;
  /** Why it rests, or is being tried again. */
  readonly failure: Failure | null;
}

/** One source of a master as its reader uses it: files opened when they are first needed, and how well it does. */
export class Mirror {
  readonly source: MasterSource;
  readonly health: MirrorHealth;
  readonly #files = new Map<MasterFile, Promise<Result<SourceFile>>>();
  #failure: Failure | null = null;
  #closed = false;

  constructor(source: MasterSource, clock: Clock, random: () => number) {
    this.source = source;
    this.health = new MirrorHealth(clock, random);
  }

  report(): MirrorReport {
    const { state, firstByteMs, bytesPerSecond } = this.health;
    return { name: this.source.name, state, firstByteMs, bytesPerSecond, failure: this.#failure };
  }

  /** Fills `target` with what the source says, right or wrong. {@link judged} or {@link withdrawn} must follow. */
  async read(
    file: MasterFile,
    lengthBytes: number,
    offset: number,
    target: Uint8Array,
    signal: AbortSignal,
  ): Promise<Result<void>> {
    this.health.began();
    const device = await this.#open(file, lengthBytes);
    if (signal.aborted) return err('cancelled', `${this.source.name}: the read was withdrawn`);
    return device.ok ? device.value.read(offset, target, signal) : device;
  }

  /** Nobody wants what it was asked for any more, which says nothing about it. */
  withdrawn(): void {
    this.health.ended(false);
  }

  /** What became of a read. @param failure null where it brought what it should */
  judged(failure: Failure | null, severity = 1): void {
    this.health.ended(failure === null);
    this.#failure = failure;
    if (failure !== null) this.health.failed(severity, failure.retryAfterMs);
  }

  async close(): Promise<void> {
    this.#closed = true;
    const files = [...this.#files.values()];
    this.#files.clear();
    for (const file of files) {
      const device = await file;
      if (device.ok) await device.value.close();
    }
  }

  #open(file: MasterFile, lengthBytes: number): Promise<Result<SourceFile>> {
    if (this.#closed) return Promise.resolve(closedFailure(this.source));
    const known = this.#files.get(file);
    if (known !== undefined) return known;
    const opening = this.source.open(file, lengthBytes, (sample) => this.health.note(sample));
    this.#files.set(file, opening);
    void opening.then((device) => {
      // What could not be opened is tried anew by the next read.
      if (!device.ok && this.#files.get(file) === opening) this.#files.delete(file);
    });
    return opening;
  }
}
