/** The life of one overlay whose process is killed again and again, and what must be true of it each time. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { expect } from 'vitest';
import { systemClock } from '../../shared/clock.ts';
import { unwrap } from '../../shared/result.ts';
import { alignUp, SECTOR_BYTES } from '../../shared/units.ts';
import type { RangeServer } from '../../main/serve/range-server.ts';
import { startRangeServer } from '../../main/serve/range-server.ts';
import { NodeFile } from '../../main/block/node-file.ts';
import { rangeEnd, type Range } from '../../main/block/range.ts';
import { checkQed } from '../../main/qed/check.ts';
import { createQed } from '../../main/qed/create.ts';
import { QedDevice } from '../../main/qed/device.ts';
import type { ImageChain } from '../../main/storage/chain/image-chain.ts';
import { openChain } from '../../main/storage/chain/open.ts';
import type { SeededRandom } from '../support/seeded-random.ts';
import {
  illegalSector,
  SectorModel,
  sectorsOf,
  tagsIn,
  type Legal,
  type Tag,
} from '../support/sector-model.ts';
import type { GuestReport, GuestTask } from './guest-writer.ts';

const MASTER_TAG: Tag = 1;
const FIRST_WRITE_TAG: Tag = 2;
/** Tags of one run stay below those of the next. */
const TAGS_PER_RUN = 100_000;
/** About this many kills until an overlay is complete. */
const RUNS_PER_OVERLAY = 6;
const RUN_SECONDS = 0.3;

export interface OverlayShape {
  readonly sectors: number;
  readonly clusterBytes: number;
  readonly remote: boolean;
}

/** When a run is killed. */
type KillMoment =
  /** So long after its process was started. */
  | { readonly kind: 'early'; readonly afterMs: number }
  /** When something was heard so many times, at the latest so long after the disk was open. */
  | {
      readonly kind: 'heard';
      readonly told: GuestReport['told'];
      readonly times: number;
      readonly atLatestMs: number;
    }
  /** When so many changes of state of an unhurried job were heard: about when the backing file is dropped. */
  | { readonly kind: 'at-the-end'; readonly changes: number };

export class KilledOverlay {
  kills = 0;
  readonly #random: SeededRandom;
  readonly #shape: OverlayShape;
  readonly #folder: string;
  readonly #program: string;
  readonly #overlay: string;
  readonly #master: string;
  readonly #server: RangeServer | null;
  readonly #requested: Range[] = [];
  /** What every sector holds, as found after the last kill. */
  #tags: Tag[];
  #runs = 0;

  static async create(
    random: SeededRandom,
    shape: OverlayShape,
    folder: string,
    program: string,
  ): Promise<KilledOverlay> {
    const tags = masterTags(random, shape.sectors);
    const master = path.join(folder, 'master.raw');
    fs.writeFileSync(master, sectorsOf(0, tags));
    const requested: Range[] = [];
    const server = shape.remote
      ? unwrap(
          await startRangeServer({
            root: master,
            clock: systemClock,
            onRequest: ({ range }) => {
              // A single byte asks for the length.
              if (range !== null && range.length > 1) requested.push(range);
            },
          }),
        )
      : null;
    const file = unwrap(NodeFile.create(path.join(folder, 'overlay.qed')));
    unwrap(
      await createQed(file, {
        imageBytes: shape.sectors * SECTOR_BYTES,
        clusterBytes: shape.clusterBytes,
        // QEMU refuses tables of one cluster.
        tableClusters: random.pick([2, 4]),
        // What QEMU's tools find; our own are told where the master is.
        backing: { name: 'master.raw', raw: true },
      }),
    );
    unwrap(await file.close());
    return new KilledOverlay(random, shape, folder, program, server, requested, tags);
  }

  private constructor(
    random: SeededRandom,
    shape: OverlayShape,
    folder: string,
    program: string,
    server: RangeServer | null,
    requested: Range[],
    tags: Tag[],
  ) {
    this.#random = random;
    this.#shape = shape;
    this.#folder = folder;
    this.#program = program;
    this.#server = server;
    this.#requested = requested;
    this.#tags = tags;
    this.#overlay = path.join(folder, 'overlay.qed');
    this.#master = path.join(folder, 'master.raw');
  }

  /** Kills the process at random moments until the overlay stands alone, or `mostKills` is reached; then finishes. */
  async live(mostKills: number): Promise<void> {
    while (this.kills < mostKills && !(await this.#isStandalone())) await this.#runAndKill();
    await this.#finish();
    await this.#server?.close();
  }

  async #runAndKill(): Promise<void> {
    const local = await this.#localRanges();
    const model = new SectorModel(this.#tags);
    await this.#run(model, this.#killMoment());
    this.kills++;
    this.#checkTables();
    this.#tags = await this.#survivors(model.survivable());
    this.#expectNotFetched(local);
    for (const range of local) await this.#expectStillLocal(range);
  }

  async #finish(): Promise<void> {
    const local = await this.#localRanges();
    await this.#run(new SectorModel(this.#tags), null);
    this.#expectNotFetched(local);
    this.#checkTables();
    expect(await this.#isStandalone()).toBe(true);
    const model = path.join(this.#folder, 'model.raw');
    fs.writeFileSync(model, sectorsOf(0, this.#tags));
    fs.renameSync(this.#master, `${this.#master}.away`);
    const files = ['-f', 'qed', '-F', 'raw', this.#overlay, model];
    const compared = spawnSync('qemu-img', ['compare', ...files], { encoding: 'utf8' });
    expect(compared).toMatchObject({ status: 0, stdout: 'Images are identical.\n' });
    expect(fs.readdirSync(this.#folder).sort()).toEqual(['master.raw.away', 'model.raw', 'overlay.qed']);
  }

  /** @param killed null to let the run come to its end */
  async #run(model: SectorModel, killed: KillMoment | null): Promise<void> {
    this.#requested.length = 0;
    const task: GuestTask = {
      chain: this.#chain(),
      seed: this.#random.integer(0, 2 ** 31),
      firstTag: FIRST_WRITE_TAG + this.#runs++ * TAGS_PER_RUN,
      streamSpeed: killed === null || killed.kind === 'at-the-end' ? 0 : this.#gentleSpeed(),
      guests: killed === null ? 0 : this.#random.integer(1, 6),
      busySectors: this.#shape.sectors,
    };
    const child = spawn(process.execPath, [this.#program, JSON.stringify(task)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const story = new Listener(model);
    const ended = new Promise<NodeJS.Signals | null>((resolve) => {
      child.once('close', (_code, signal) => resolve(signal));
    });
    const disarm = killed === null ? () => {} : armKill(child, story, killed);
    for await (const line of createInterface({ input: child.stdout })) {
      story.hear(JSON.parse(line) as GuestReport);
    }
    const signal = await ended;
    disarm();
    expect(story.problems).toEqual([]);
    if (killed === null) expect(story.last).toEqual({ told: 'closed' });
    else expect(signal).toBe('SIGKILL');
  }

  #gentleSpeed(): number {
    return Math.ceil((this.#shape.sectors * SECTOR_BYTES) / (RUNS_PER_OVERLAY * RUN_SECONDS));
  }

  #killMoment(): KillMoment {
    const random = this.#random;
    const choice = random.next();
    if (choice < 0.08) return { kind: 'early', afterMs: random.integer(20, 250) };
    if (choice < 0.2) return { kind: 'at-the-end', changes: random.integer(2, 5) };
    return {
      kind: 'heard',
      told: random.pick(['opened', 'flush', 'done', 'done', 'write', 'read-done'] as const),
      times: random.integer(1, 80),
      atLatestMs: random.integer(50, 600),
    };
  }

  #chain(): ImageChain {
    const location = this.#server?.url ?? this.#master;
    return { location: this.#overlay, format: 'qed', backing: { location, format: 'raw', backing: null } };
  }

  #checkTables(): void {
    const checked = spawnSync('qemu-img', ['check', '-f', 'qed', this.#overlay], { encoding: 'utf8' });
    // 3: unreferenced clusters, which a kill leaves.
    expect([0, 3], checked.stdout + checked.stderr).toContain(checked.status);
  }

  /** What every sector holds now; all of it must be legal. */
  async #survivors(legal: Legal): Promise<Tag[]> {
    const file = unwrap(NodeFile.open(this.#overlay, { readOnly: true }));
    expect(unwrap(await checkQed(file, 'none'))).toMatchObject({ corruptions: 0, checkErrors: 0 });
    unwrap(await file.close());
    return this.#reading(async (device) => {
      const bytes = new Uint8Array(device.lengthBytes);
      unwrap(await device.read(0, bytes));
      expect(illegalSector(legal, 0, bytes)).toBeNull();
      return tagsIn(0, bytes).map((tag) => tag ?? NaN);
    });
  }

  #isStandalone(): Promise<boolean> {
    return this.#reading(async (device) => device.image.backing === null);
  }

  /** The whole clusters that need not come from the master any more. */
  #localRanges(): Promise<Range[]> {
    return this.#reading(async (device) => {
      const ranges: Range[] = [];
      for (let at = 0; at < device.lengthBytes;) {
        const missing = unwrap(await device.findMissing(at, device.lengthBytes));
        const end = missing?.offset ?? device.lengthBytes;
        if (end > at) ranges.push({ offset: at, length: end - at });
        at = missing === null ? device.lengthBytes : alignUp(rangeEnd(missing), device.clusterBytes);
      }
      return ranges;
    });
  }

  #expectNotFetched(local: readonly Range[]): void {
    const twice = this.#requested.filter((range) => local.some((held) => overlap(held, range)));
    expect(twice, 'fetched though it was local').toEqual([]);
  }

  async #expectStillLocal(range: Range): Promise<void> {
    const missing = await this.#reading((device) => device.findMissing(range.offset, rangeEnd(range)));
    expect(unwrap(missing), 'lost by the kill').toBeNull();
  }

  /** Reads the overlay over the local master, whatever the child takes it from. */
  async #reading<T>(visit: (device: QedDevice) => Promise<T>): Promise<T> {
    const backing: ImageChain = { location: this.#master, format: 'raw', backing: null };
    const chain: ImageChain = { location: this.#overlay, format: 'qed', backing };
    const device = unwrap(await openChain(chain, { clock: systemClock, readOnly: true }));
    if (!(device instanceof QedDevice)) throw new Error('not a QED image');
    try {
      return await visit(device);
    } finally {
      unwrap(await device.close());
    }
  }
}

/** Keeps the model up to date by what the child tells. */
class Listener {
  readonly problems: string[] = [];
  last: GuestReport | null = null;
  onReport: (report: GuestReport) => void = () => {};
  readonly #model: SectorModel;
  readonly #acknowledge = new Map<number, () => void>();
  readonly #reads = new Map<number, { first: number; legal: Legal }>();

  constructor(model: SectorModel) {
    this.#model = model;
  }

  hear(report: GuestReport): void {
    this.last = report;
    this.#note(report);
    this.onReport(report);
  }

  #note(report: GuestReport): void {
    switch (report.told) {
      case 'write':
        this.#acknowledge.set(report.id, this.#model.begin(report, report.tag));
        break;
      case 'flush':
        this.#acknowledge.set(report.id, this.#model.beginFlush());
        break;
      case 'done':
        this.#acknowledge.get(report.id)?.();
        break;
      case 'read':
        this.#reads.set(report.id, { first: report.first, legal: this.#model.readable() });
        break;
      case 'read-done':
        this.#checkRead(report.id, report.tags);
        break;
      case 'failed':
        this.problems.push(report.message);
        break;
      case 'opened':
      case 'closed':
      case 'job':
        break;
    }
  }

  #checkRead(id: number, tags: readonly (Tag | null)[]): void {
    const read = this.#reads.get(id);
    this.#reads.delete(id);
    for (const [i, tag] of tags.entries()) {
      const sector = (read?.first ?? 0) + i;
      if (read?.legal.allows(sector, tag) !== true) {
        this.problems.push(`the guest read ${tag ?? 'garbage'} at sector ${sector}`);
        return;
      }
    }
  }
}

/** @returns what calls it off */
function armKill(child: ChildProcess, story: Listener, moment: KillMoment): () => void {
  const kill = () => child.kill('SIGKILL');
  let timer = moment.kind === 'early' ? setTimeout(kill, moment.afterMs) : undefined;
  const told = moment.kind === 'heard' ? moment.told : 'job';
  let left =
    moment.kind === 'heard' ? moment.times : moment.kind === 'at-the-end' ? moment.changes : Infinity;
  story.onReport = (report) => {
    if (report.told === 'opened' && moment.kind === 'heard') timer = setTimeout(kill, moment.atLatestMs);
    if (report.told === told && --left === 0) kill();
  };
  return () => clearTimeout(timer);
}

/** Data and holes, each of some clusters. */
function masterTags(random: SeededRandom, sectors: number): Tag[] {
  const tags: Tag[] = [];
  while (tags.length < sectors) {
    const count = Math.min(sectors - tags.length, random.integer(1, 600));
    const tag = random.chance(0.7) ? MASTER_TAG : 0;
    for (let i = 0; i < count; i++) tags.push(tag);
  }
  return tags;
}

function overlap(one: Range, other: Range): boolean {
  return one.offset < rangeEnd(other) && other.offset < rangeEnd(one);
}
