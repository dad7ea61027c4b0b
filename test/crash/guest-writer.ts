/**
 * A process that has a disk open, streams it, and lets a guest of its own read and write, telling about everything
 * line by line before and after it happens. Its parent kills it at some moment; what it has told by then is known.
 */
import { writeSync } from 'node:fs';
import { unwrap } from '../../shared/result.ts';
import { SECTOR_BYTES } from '../../shared/units.ts';
import type { ImageChain } from '../../main/storage/chain/image-chain.ts';
import { BlockPortClient } from '../../main/storage/block-port/client.ts';
import { DiskThread } from '../../main/storage/disk/disk-thread.ts';
import { SeededRandom } from '../support/seeded-random.ts';
import { sectorsOf, tagsIn, type Tag } from '../support/sector-model.ts';

export interface GuestTask {
  readonly chain: ImageChain;
  readonly seed: number;
  /** Number of the first write; further ones count up. */
  readonly firstTag: Tag;
  /** Bytes per second; 0 for no limit. */
  readonly streamSpeed: number;
  /** How many guest requests there are at a time; 0: only stream to the end, and close. */
  readonly guests: number;
  /** Sectors from here on are left alone, so that there is something to stream to the end. */
  readonly busySectors: number;
}

export type GuestReport =
  | { readonly told: 'opened' | 'closed' }
  | { readonly told: 'job'; readonly status: string }
  | {
      readonly told: 'write';
      readonly id: number;
      readonly first: number;
      readonly count: number;
      readonly tag: Tag;
    }
  | { readonly told: 'read'; readonly id: number; readonly first: number }
  /** `null` in the tags: garbage. */
  | { readonly told: 'read-done'; readonly id: number; readonly tags: readonly (Tag | null)[] }
  | { readonly told: 'flush'; readonly id: number }
  | { readonly told: 'done'; readonly id: number }
  | { readonly told: 'failed'; readonly message: string };

const MAX_REQUEST_SECTORS = 96;

/** Written at once: what was told before a kill is not lost with the process. */
function tell(report: GuestReport): void {
  const line = Buffer.from(`${JSON.stringify(report)}\n`);
  for (let done = 0; done < line.length;) {
    try {
      done += writeSync(1, line, done);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) throw error;
    }
  }
}

class Guest {
  readonly #disk: BlockPortClient;
  readonly #random: SeededRandom;
  readonly #task: GuestTask;
  readonly #busy = new Set<number>();
  #nextTag: Tag;
  #nextId = 0;

  constructor(disk: BlockPortClient, task: GuestTask) {
    this.#disk = disk;
    this.#task = task;
    this.#random = new SeededRandom(task.seed);
    this.#nextTag = task.firstTag;
  }

  async run(): Promise<never> {
    for (;;) {
      const choice = this.#random.next();
      if (choice < 0.5) await this.#write();
      else if (choice < 0.85) await this.#read();
      else await this.#flush();
    }
  }

  async #write(): Promise<void> {
    const { first, count } = this.#take();
    const zeroes = this.#random.chance(0.1);
    const tag = zeroes ? 0 : this.#nextTag++;
    const id = this.#nextId++;
    tell({ told: 'write', id, first, count, tag });
    const data = sectorsOf(first, Array<Tag>(count).fill(tag));
    const offset = first * SECTOR_BYTES;
    unwrap(await (zeroes ? this.#disk.writeZeroes(offset, data.length) : this.#disk.write(offset, data)));
    tell({ told: 'done', id });
    this.#giveBack(first, count);
  }

  async #read(): Promise<void> {
    const { first, count } = this.#take();
    const id = this.#nextId++;
    tell({ told: 'read', id, first });
    const bytes = unwrap(await this.#disk.readOwned(first * SECTOR_BYTES, count * SECTOR_BYTES));
    tell({ told: 'read-done', id, tags: tagsIn(first, bytes) });
    this.#giveBack(first, count);
  }

  async #flush(): Promise<void> {
    const id = this.#nextId++;
    tell({ told: 'flush', id });
    unwrap(await this.#disk.flush());
    tell({ told: 'done', id });
  }

  /** Sectors that no other request is at: what two requests at once do to one sector is nobody's promise. */
  #take(): { first: number; count: number } {
    for (;;) {
      const count = this.#random.integer(1, MAX_REQUEST_SECTORS);
      const first = this.#random.integer(0, this.#task.busySectors - count);
      const sectors = Array.from({ length: count }, (_, i) => first + i);
      if (sectors.some((sector) => this.#busy.has(sector))) continue;
      for (const sector of sectors) this.#busy.add(sector);
      return { first, count };
    }
  }

  #giveBack(first: number, count: number): void {
    for (let sector = first; sector < first + count; sector++) this.#busy.delete(sector);
  }
}

async function main(task: GuestTask): Promise<void> {
  let concluded: () => void = () => {};
  const streamed = new Promise<void>((resolve) => {
    concluded = resolve;
  });
  const disk = unwrap(
    await DiskThread.open(
      { chain: task.chain, readOnly: false, copyOnRead: 'on', onSourceLost: 'report' },
      (event) => {
        if (event.kind === 'store-failed') tell({ told: 'failed', message: event.failure.message });
        if (event.kind !== 'job') return;
        const told = event.event;
        if (told.event === 'JOB_STATUS_CHANGE') tell({ told: 'job', status: told.data.status });
        if (told.event === 'BLOCK_JOB_COMPLETED' && told.data.error !== undefined) {
          tell({ told: 'failed', message: told.data.error });
        }
        if (told.event === 'BLOCK_JOB_COMPLETED') concluded();
      },
    ),
  );
  tell({ told: 'opened' });
  unwrap(await disk.startStream({ jobId: 'stream', speed: task.streamSpeed, onError: 'report' }));
  if (task.guests > 0) {
    const device = unwrap(await BlockPortClient.connect(unwrap(await disk.connect())));
    const guest = new Guest(device, task);
    await Promise.all(Array.from({ length: task.guests }, () => guest.run()));
  }
  await streamed;
  unwrap(await disk.close());
  tell({ told: 'closed' });
}

try {
  await main(JSON.parse(process.argv[2] ?? '') as GuestTask);
} catch (error) {
  tell({ told: 'failed', message: error instanceof Error ? error.message : String(error) });
  process.exitCode = 1;
}
