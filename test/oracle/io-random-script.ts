import { KIB, MIB } from '../../shared/units.ts';
import type { SeededRandom } from '../support/seeded-random.ts';

/** What a random script may do to an image. */
export interface ScriptSubject {
  readonly lengthBytes: number;
  readonly clusterBytes: number;
  readonly format: 'raw' | 'qed';
  readonly hasBacking: boolean;
  readonly copyOnRead: boolean;
}

interface Range {
  readonly offset: number;
  readonly length: number;
}

/**
 * A random sequence of commands with one right answer, so that two tools can be compared: nothing overlaps a request
 * that is under way, and reports of requests that end in any order are switched off.
 */
export class RandomScript {
  readonly commands: string[] = [];
  /**
   * The same, but each request has ended before the next command. QEMU 7.2 often crashes (qed_aio_write_alloc:
   * assertion failed) when QED writes, or reads with copy-on-read, allocate at the same time or while something waits
   * for all requests.
   */
  get oneByOne(): string[] {
    return this.commands.map((command) =>
      command
        .replace(/^aio_write(?=.* -z)/, 'write')
        .replace(/^aio_write/, 'writev')
        .replace(/^aio_read/, 'readv'),
    );
  }

  readonly #random: SeededRandom;
  readonly #subject: ScriptSubject;
  #lengthBytes: number;
  #inFlight: (Range & { readonly writes: boolean })[] = [];
  /** Clusters that may be marked as zero. QEMU 7.2 fills them from the backing file when a part is written. */
  readonly #zeroed = new Set<number>();

  /** @param zeroed ranges that are marked as zero from the beginning */
  constructor(
    random: SeededRandom,
    subject: ScriptSubject,
    operations: number,
    zeroed: readonly Range[] = [],
  ) {
    this.#random = random;
    this.#subject = subject;
    this.#lengthBytes = subject.lengthBytes;
    for (const range of zeroed) for (const cluster of this.#clusters(range)) this.#zeroed.add(cluster);
    while (this.commands.length < operations) this.#step();
    this.commands.push('aio_flush', 'flush');
  }

  #step(): void {
    const random = this.#random;
    const step = random.pick([
      ...Array<() => void>(6).fill(() => this.#write()),
      ...Array<() => void>(3).fill(() => this.#writeZeroes()),
      ...Array<() => void>(5).fill(() => this.#read()),
      () => this.#look(),
      () => this.#fail(),
      () => this.#grow(),
      () => this.#reopen(),
      () => this.commands.push(random.pick(['flush', 'aio_flush', 'aio_flush', 'length', 'sleep 1'])),
    ]);
    step();
    if (this.commands.at(-1) === 'aio_flush') this.#inFlight = [];
  }

  #write(): void {
    const range = this.#range();
    if (!this.#allowsPartial(range)) return;
    const pattern = `-P ${this.#random.integer(0, 255)}`;
    const { offset, length } = range;
    const split = this.#random.integer(0, length);
    const [asynchronous, synchronous] = [
      [
        `aio_write -q ${pattern} ${offset} ${length}`,
        `aio_write -q ${pattern} ${offset} ${split} ${length - split}`,
      ],
      [`write ${pattern} ${offset} ${length}`, `writev ${pattern} ${offset} ${split} ${length - split}`],
    ];
    this.#submit(range, true, this.#random.pick(asynchronous), this.#random.pick(synchronous));
    for (const cluster of this.#clusters(range)) this.#zeroed.delete(cluster);
  }

  #writeZeroes(): void {
    const { clusterBytes } = this.#subject;
    const anywhere = this.#range();
    const aligned = {
      offset: anywhere.offset - (anywhere.offset % clusterBytes),
      length: Math.ceil(anywhere.length / clusterBytes) * clusterBytes,
    };
    const fits = aligned.offset + aligned.length <= this.#lengthBytes;
    const range = fits && this.#random.chance(0.6) ? aligned : anywhere;
    if (!this.#allowsPartial(range)) return;
    const flag = this.#random.pick(['-z', '-zu', '-zf']);
    const words = `${range.offset} ${range.length}`;
    this.#submit(range, true, `aio_write -q ${flag} ${words}`, `write ${flag} ${words}`);
    for (const cluster of this.#clusters(range)) this.#zeroed.add(cluster);
  }

  #read(): void {
    const range = this.#range();
    const { offset, length } = range;
    const shown = `${offset} ${Math.min(length, 300)}`;
    const synchronous = this.#random.pick([
      `read -v ${shown}`,
      `readv -v ${shown}`,
      `read -P ${this.#random.integer(0, 255)} ${offset} ${length}`,
      `read -P 0 -s ${Math.floor(length / 2)} ${offset} ${length}`,
      `read -C ${offset} ${length}`,
    ]);
    this.#submit(range, false, `aio_read -q ${offset} ${length}`, synchronous);
  }

  #look(): void {
    // What copy-on-read stores beyond the end of a backing file is where QEMU and we differ.
    if (this.#subject.copyOnRead) return;
    const { offset, length } = this.#range();
    this.#finishAll();
    this.commands.push(this.#random.pick(['map', `alloc ${offset} ${length}`, `alloc ${offset}`]));
  }

  #fail(): void {
    const beyond = this.#lengthBytes - this.#random.integer(0, 1000);
    const words = `${beyond} ${this.#random.integer(1001, 100_000)}`;
    const command = this.#random.pick(['read', 'readv', 'write', 'write -z', 'writev', 'discard']);
    this.commands.push(`${command} ${words}`);
  }

  #grow(): void {
    if (this.#lengthBytes > 6 * MIB) return;
    this.#finishAll();
    // A raw file that shrinks loses its tail, which is the same for both.
    const shrinks = this.#subject.format === 'raw' && this.#random.chance(0.3);
    const change = this.#random.integer(1, 8) * this.#subject.clusterBytes;
    const lengthBytes = shrinks ? this.#lengthBytes - change : this.#lengthBytes + change;
    if (lengthBytes < 256 * KIB) return;
    this.#lengthBytes = lengthBytes;
    this.commands.push(`truncate ${lengthBytes}`);
  }

  #reopen(): void {
    this.#finishAll();
    if (this.#subject.copyOnRead) return;
    this.commands.push(
      ...this.#random.pick([['reopen -r', 'write 0 1', 'reopen -w'], ['reopen'], ['reopen -c writeback']]),
    );
  }

  /** Runs something now or lets it run on, after whatever it must not overlap. */
  #submit(range: Range, writes: boolean, asynchronous: string, synchronous: string): void {
    const overlaps = this.#inFlight.some(
      (other) =>
        (writes || other.writes) &&
        range.offset < other.offset + other.length &&
        other.offset < range.offset + range.length,
    );
    if (overlaps) this.#finishAll();
    const background = this.#random.chance(0.5);
    this.commands.push(background ? asynchronous : synchronous);
    if (background) this.#inFlight.push({ ...range, writes });
  }

  #finishAll(): void {
    if (this.#inFlight.length > 0) this.commands.push('aio_flush');
    this.#inFlight = [];
  }

  /** Whether QEMU does with this range what the format says: no part of a zero cluster over a backing file. */
  #allowsPartial(range: Range): boolean {
    if (!this.#subject.hasBacking) return true;
    const { clusterBytes } = this.#subject;
    const end = range.offset + range.length;
    return this.#clusters(range).every((cluster) => {
      const start = cluster * clusterBytes;
      const whole = start >= range.offset && start + clusterBytes <= end;
      return whole || !this.#zeroed.has(cluster);
    });
  }

  #clusters({ offset, length }: Range): number[] {
    const { clusterBytes } = this.#subject;
    const first = Math.floor(offset / clusterBytes);
    const count = Math.ceil((offset + length) / clusterBytes) - first;
    return Array.from({ length: count }, (_, index) => first + index);
  }

  #range(): Range {
    const random = this.#random;
    const longest = random.pick([16, 600, 5000, 70 * KIB, 300 * KIB]);
    const length = Math.min(random.integer(1, longest), this.#lengthBytes);
    const offset = random.integer(0, this.#lengthBytes - length);
    const rounded = random.chance(0.5) ? offset - (offset % 512) : offset;
    return { offset: rounded, length };
  }
}
