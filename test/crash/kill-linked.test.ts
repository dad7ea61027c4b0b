import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { unwrap } from '../../shared/result.ts';
import { KIB, SECTOR_BYTES } from '../../shared/units.ts';
import {
  contentOf,
  contentWithoutSource,
  firstDifference,
  MASTER_BYTES,
  qed,
  raw,
  STREAM,
} from '../support/disk-workbench.ts';
import { SeededRandom } from '../support/seeded-random.ts';
import { serve } from '../support/served.ts';
import { SharedCopy } from '../support/shared-copy.ts';
import { buildTestProgram, type TestProgram } from '../support/test-program.ts';
import { sectorOfTag, type LinkedReport, type LinkedTask } from './linked-guests.ts';

const KILLS = Number(process.env['HEADWATER_KILLS_OF_LINKED'] ?? 10);
const SEED = Number(process.env['HEADWATER_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const KILLS_OF_ONE = 3;
const TAGS_PER_RUN = 1_000_000;
const NAMES = ['one', 'two'];
/** Two seconds for the whole of the master: on a quick line the first kill would find a copy that the guests' reads completed. */
const GUESTS_LINE = { bitsPerSecond: (MASTER_BYTES * 8) / 2, roundTripMs: 0 };

let program: TestProgram;
beforeAll(() => (program = buildTestProgram('test/crash/linked-guests.ts')));
afterAll(() => program.remove());

/** What an overlay holds for certain, and what was written since that may be lost. */
class Expected {
  readonly content: Uint8Array;
  #loose: { readonly sector: number; readonly tag: number }[] = [];
  #writes = 0;

  constructor(content: Uint8Array) {
    this.content = content.slice();
  }

  begin(): void {
    this.#loose = [];
    this.#writes = 0;
  }

  hear(report: LinkedReport): void {
    if (report.told === 'write') {
      this.#loose.push(report);
      this.#writes += 1;
    } else if (report.told === 'flushed') {
      const durable = this.#loose.splice(0, this.#loose.length - (this.#writes - report.writes));
      for (const { sector, tag } of durable) this.content.set(sectorOfTag(tag), sector * SECTOR_BYTES);
    }
  }

  /** Compares what is there after a kill, which is what counts from then on. @returns the first sector that is wrong */
  settle(found: Uint8Array): number | null {
    for (let sector = 0; sector < found.length / SECTOR_BYTES; sector++) {
      const at = sector * SECTOR_BYTES;
      const is = found.subarray(at, at + SECTOR_BYTES);
      if (Buffer.compare(is, this.content.subarray(at, at + SECTOR_BYTES)) === 0) continue;
      const written = this.#loose.some(
        (write) => write.sector === sector && Buffer.compare(is, sectorOfTag(write.tag)) === 0,
      );
      if (!written) return sector;
      this.content.set(is, at);
    }
    return null;
  }
}

/** Lets the guests work, and kills them after `afterMs` of it. */
async function live(task: LinkedTask, afterMs: number, hear: (report: LinkedReport) => void): Promise<void> {
  const child = spawn(process.execPath, [program.path, JSON.stringify(task)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'close');
  let timer: NodeJS.Timeout | null = null;
  for await (const line of createInterface({ input: child.stdout })) {
    const report = JSON.parse(line) as LinkedReport;
    if (report.told === 'failed') throw new Error(report.message);
    hear(report);
    timer ??= setTimeout(() => child.kill('SIGKILL'), afterMs);
  }
  await ended;
}

/** A copy with its linked overlays, whose process is killed again and again. */
class KilledCopy {
  /** Kills at which the copy lacked something. */
  killsOnTheWay = 0;
  flushes = 0;
  readonly #shared: SharedCopy;
  /** The same master as that of `#shared`, over a slower line. */
  readonly #guestsSource: string;
  readonly #overlays = new Map<string, Expected>();

  static async make(): Promise<KilledCopy> {
    const shared = await SharedCopy.make();
    for (const name of NAMES) await shared.make(name);
    const guestsServer = await serve(path.join(shared.folder, 'master.raw'), { link: GUESTS_LINE });
    return new KilledCopy(shared, guestsServer.url);
  }

  private constructor(shared: SharedCopy, guestsSource: string) {
    this.#shared = shared;
    this.#guestsSource = guestsSource;
    for (const name of NAMES)
      this.#overlays.set(path.join(shared.folder, `${name}.qed`), new Expected(shared.content));
  }

  async kill(random: SeededRandom, run: number): Promise<void> {
    for (const expected of this.#overlays.values()) expected.begin();
    const task: LinkedTask = {
      copy: qed(this.#shared.path, raw(this.#guestsSource)),
      overlays: [...this.#overlays.keys()],
      seed: random.integer(0, 2 ** 30),
      firstTag: run * TAGS_PER_RUN + 1,
      streamSpeed: random.pick([128 * KIB, 1024 * KIB, 0]),
    };
    await live(task, random.integer(0, 400), (report) => {
      if (report.told === 'flushed') this.flushes += 1;
      if (report.told === 'write' || report.told === 'flushed')
        this.#overlays.get(report.overlay)?.hear(report);
    });
    await this.#check();
  }

  /** Reads everything, without filling the copy by that. */
  async #check(): Promise<void> {
    const { disk } = await this.#shared.open({ copyOnRead: 'off' });
    if (!unwrap(await disk.status()).standalone) this.killsOnTheWay += 1;
    expect(firstDifference(await contentOf(disk), this.#shared.content)).toBeNull();
    for (const [index, name] of NAMES.entries()) {
      const linked = await this.#shared.reopen(disk, name);
      expect([...this.#overlays.values()][index]?.settle(await contentOf(linked.disk))).toBeNull();
      unwrap(await linked.disk.close());
    }
    unwrap(await disk.close());
  }

  /** Fills the rest, and looks at all of it without the source. */
  async complete(): Promise<void> {
    const { disk, told } = await this.#shared.open();
    if (!unwrap(await disk.status()).standalone) {
      unwrap(await disk.startStream(STREAM));
      await told.job('BLOCK_JOB_COMPLETED');
    }
    unwrap(await disk.close());
    expect(firstDifference(await contentWithoutSource(this.#shared.path), this.#shared.content)).toBeNull();
  }
}

describe('two linked guests over a copy that streams', () => {
  it(`survive ${KILLS} kills (HEADWATER_SEED=${SEED}): nothing flushed is lost, no byte is wrong`, async () => {
    const random = new SeededRandom(SEED);
    let [killsOnTheWay, flushes] = [0, 0];
    for (let run = 0; run < KILLS;) {
      const killed = await KilledCopy.make();
      for (let kills = 0; kills < KILLS_OF_ONE && run < KILLS; kills++) await killed.kill(random, run++);
      await killed.complete();
      killsOnTheWay += killed.killsOnTheWay;
      flushes += killed.flushes;
    }
    expect(killsOnTheWay).toBeGreaterThan(0);
    expect(flushes).toBeGreaterThan(0);
  });
});
