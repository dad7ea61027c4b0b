import type { MessagePort } from 'node:worker_threads';
import { DONE, ok, type Failure, type Result } from '../../shared/result.ts';
import { DiskResources, type DiskResourceParts } from './disk-resources.ts';
import type { DiskRows } from './disk-rows.ts';
import { LiveDisk, type LiveDiskParts } from './live-disk.ts';
import { unlessGone, type OpenedDisk } from './opened-disk.ts';

/** What a disk says while it is open. */
export type LiveDiskHearer = Omit<LiveDiskParts, 'clock' | 'open'>;

export interface DiskOpeningParts extends DiskResourceParts, Pick<LiveDiskParts, 'clock' | 'open'> {
  readonly hear: LiveDiskHearer;
  /** The open disk did not do what it was told. */
  readonly refused: (failure: Failure) => void;
  /** Bytes per second, 0 for none. */
  readonly limit: () => number;
}

export const CLOSED: Failure = { code: 'closed', message: 'The disk is closed' };

/** A disk that is open, or why it is not; with what it has of what is common to all disks, for as long as it is open. */
export class DiskOpening {
  readonly #parts: DiskOpeningParts;
  readonly #resources: DiskResources;
  #live: LiveDisk | null = null;
  #failure: Failure | null = null;

  constructor(parts: DiskOpeningParts) {
    this.#parts = parts;
    this.#resources = new DiskResources(parts, ({ location }, port) => void this.#reconnect(location, port));
  }

  /** Null while it is not open. */
  get live(): LiveDisk | null {
    return this.#live;
  }

  get opened(): OpenedDisk | null {
    return this.#live?.opened ?? null;
  }

  /** Why it could not be opened, or was lost. */
  get failure(): Failure | null {
    return this.#failure;
  }

  /** The open disk, or why it is not open. */
  get outcome(): Result<OpenedDisk> {
    const { opened } = this;
    return opened === null ? { ok: false, failure: this.#failure ?? CLOSED } : ok(opened);
  }

  /** It may be tried again. */
  forgetFailure(): void {
    this.#failure = null;
  }

  setPriority(priority: DiskRows['stream']['priority']): void {
    this.#resources.setPriority(priority);
  }

  /** @returns null where it cannot be opened; {@link failure} says why */
  async open(rows: DiskRows): Promise<LiveDisk | null> {
    if (this.#live !== null) return this.#live;
    const { clock, open, hear, refused } = this.#parts;
    const lost = (failure: Failure) => {
      this.#lost(failure);
      hear.lost(failure);
    };
    const spec = await this.#resources.take(rows);
    const opened = spec.ok ? await LiveDisk.open(spec.value, { ...hear, clock, open, lost }) : spec;
    this.#failure = opened.ok ? null : opened.failure;
    if (!opened.ok) {
      this.#resources.giveBack();
      return null;
    }
    this.#live = opened.value;
    const limited = await this.applyLimit();
    if (!limited.ok) refused(limited.failure);
    await opened.value.ask();
    opened.value.keepAsking();
    return this.#live;
  }

  /** The limit of the disk is another one. */
  async applyLimit(): Promise<Result<void>> {
    return unlessGone((await this.opened?.setLimit(this.#parts.limit())) ?? DONE);
  }

  /** Makes everything durable; what goes on can be resumed. */
  async close(): Promise<Result<void>> {
    const live = this.#live;
    this.#live = null;
    const closed = (await live?.close()) ?? DONE;
    this.#resources.giveBack();
    return closed;
  }

  #lost(failure: Failure): void {
    this.#live = null;
    this.#failure = failure;
    this.#resources.giveBack();
  }

  async #reconnect(location: string, port: MessagePort): Promise<void> {
    const { opened } = this;
    if (opened === null) {
      port.close();
      return;
    }
    const reconnected = unlessGone(await opened.reconnect(location, port));
    if (!reconnected.ok) this.#parts.refused(reconnected.failure);
  }
}
