import { type Result, err } from '../../../shared/result.ts';
import { closedFailure } from '../bounds.ts';
import type { MasterFile, MasterSource, SourceFile } from './master-source.ts';
import type { MirrorHealth } from './mirror-health.ts';
import type { MirrorRecord } from './mirror-record.ts';

/** One source of a master as its reader uses it: files opened when they are first needed, and how well it does. */
export class Mirror {
  readonly source: MasterSource;
  readonly record: MirrorRecord;
  readonly #files = new Map<MasterFile, Promise<Result<SourceFile>>>();
  #closed = false;

  constructor(source: MasterSource, record: MirrorRecord) {
    this.source = source;
    this.record = record;
  }

  get health(): MirrorHealth {
    return this.record.health;
  }

  /** Fills `target` with what the source says, right or wrong. Its {@link record} must be told what became of that. */
  async read(
    file: MasterFile,
    lengthBytes: number,
    offset: number,
    target: Uint8Array,
    signal: AbortSignal,
  ): Promise<Result<void>> {
    this.record.asked();
    const device = await this.#open(file, lengthBytes);
    if (signal.aborted) return err('cancelled', `${this.source.name}: the read was withdrawn`);
    return device.ok ? device.value.read(offset, target, signal) : device;
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
