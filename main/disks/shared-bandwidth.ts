import type { Clock } from '../../shared/clock.ts';
import type { Bandwidth, BandwidthRules } from '../preferences/bandwidth.ts';
import { Shares } from '../streaming/limits/fair-share.ts';
import { TokenBucket } from '../streaming/limits/token-bucket.ts';
import type { DiskResourceParts } from './disk-resources.ts';
import type { DiskRegistry } from './disk-registry.ts';
import type { Journal } from './journal.ts';
import type { PermissionParts } from './stream-permission.ts';
import { StreamSlots } from './stream-slots.ts';

export interface SharedBandwidthParts {
  readonly clock: Clock;
  readonly bandwidth: Bandwidth;
  /** Connections to each remote source. */
  readonly connections: () => number;
  /** Disks that stream while their machines are off, at a time: each takes two threads. */
  readonly parallelStreams: () => number;
  readonly journal: Journal;
}

/** What all disks have in common: the bandwidth with its rules, each one's part of it, and whose turn it is to stream. */
export class SharedBandwidth {
  readonly #parts: SharedBandwidthParts;
  readonly #disks: DiskRegistry;
  readonly #bucket: TokenBucket;
  readonly #shares = new Shares();
  readonly #slots: StreamSlots;
  readonly #stopListening: () => void;

  constructor(parts: SharedBandwidthParts, disks: DiskRegistry) {
    const { clock, bandwidth, parallelStreams } = parts;
    this.#parts = parts;
    this.#disks = disks;
    this.#bucket = new TokenBucket(clock, bandwidth.rules.globalLimit);
    this.#slots = new StreamSlots(parallelStreams, (id) => void disks.get(id)?.settle());
    this.#stopListening = bandwidth.onChange((rules) => void this.#apply(rules));
  }

  /** Memory of the bucket that everything draws on. */
  get globalLimit(): SharedArrayBuffer {
    return this.#bucket.memory;
  }

  /** What one disk is given of it. */
  get forDisk(): PermissionParts & Omit<DiskResourceParts, 'copies'> {
    const { bandwidth, connections } = this.#parts;
    return {
      globalLimit: this.globalLimit,
      shares: this.#shares,
      connections,
      rules: () => bandwidth.rules,
      takeSlot: (disk, priority) => this.#slots.take(disk, priority),
      giveBackSlot: (disk) => this.#slots.giveBack(disk),
    };
  }

  /** A disk is gone; others may have its turn. */
  giveBackSlot(id: string): void {
    this.#slots.giveBack(id);
  }

  /** The number of parallel streams is another one. */
  recountTurns(): void {
    this.#slots.recount();
  }

  /** New rules do not reach the disks any more. */
  close(): void {
    this.#stopListening();
  }

  async #apply(rules: BandwidthRules): Promise<void> {
    this.#bucket.setRate(rules.globalLimit);
    const controls = this.#disks.all();
    const limited = await Promise.all(controls.map((control) => control.applyLimit()));
    for (const result of limited) this.#parts.journal.report(result);
    await Promise.all(controls.map((control) => control.settle()));
  }
}
