import { unwrap, type Err, type Result } from '../../shared/result.ts';
import { SECTOR_BYTES } from '../../shared/units.ts';
import { readPadded } from '../../main/block/backing-read.ts';
import type { BlockDevice, Extent } from '../../main/block/device.ts';
import { MemoryDevice } from './memory-device.ts';
import { createQed } from '../../main/qed/create.ts';
import { QedDevice } from '../../main/qed/device.ts';
import { QedImage } from '../../main/qed/image.ts';
import { MemoryFile, type MemoryFileOptions } from './memory-file.ts';
import {
  illegalSector,
  ONLY_ZEROES,
  SectorModel,
  sectorsOf,
  type Legal,
  type Sectors,
  type Tag,
} from './sector-model.ts';
import type { SeededRandom } from './seeded-random.ts';
import type { SimulatedClock } from './simulated-clock.ts';
import { SparseBytes } from './sparse-bytes.ts';

/** How an image is laid out, and which parts of it a story visits. */
interface Shape {
  readonly clusterBytes: number;
  readonly tableClusters: number;
  readonly sectors: number;
  readonly windows: readonly Sectors[];
}

export type StoryAction =
  | 'read'
  | 'write'
  | 'write-zeroes'
  | 'discard'
  | 'flush'
  | 'populate'
  | 'claim'
  | 'extents'
  | 'reopen'
  | 'drop-backing'
  | 'rename-backing'
  | 'resize'
  | 'wait';

export const ALL_ACTIONS: readonly StoryAction[] = [
  ...Array<StoryAction>(4).fill('read'),
  ...Array<StoryAction>(9).fill('write'),
  'write-zeroes',
  'write-zeroes',
  'discard',
  'flush',
  'flush',
  'populate',
  'populate',
  'claim',
  'claim',
  'extents',
  'reopen',
  'drop-backing',
  'rename-backing',
  'resize',
  'wait',
];

/** What the image file must name as its backing file: one of these. */
export type BackingNames = readonly (string | null)[];

/**
 * A guest, a streaming job and an administrator at work on one QED image, all at once and all by chance: the same
 * seed, the same story. Every byte read is compared with a model.
 */
export class DiskStory {
  readonly file: MemoryFile;
  readonly #random: SeededRandom;
  readonly #clock: SimulatedClock;
  readonly #shape: Shape;
  readonly #model: SectorModel;
  readonly #openBacking: () => Promise<BlockDevice | null>;
  readonly #underWay = new Set<Promise<void>>();
  readonly #busy = new Set<Sectors>();
  #device: QedDevice | null = null;
  #nextTag = 100;
  #sectors: number;
  #possibleSizes: number[];
  #names: (string | null)[];
  /** How many requests, background commits and openings failed. */
  failures = 0;

  /** @param beforeBaseRead lets reads from the lowest image fail */
  static async begin(
    random: SeededRandom,
    clock: SimulatedClock,
    fileOptions: MemoryFileOptions = {},
    beforeBaseRead: () => Err | null = () => null,
  ): Promise<DiskStory> {
    const shape = randomShape(random);
    const layers = random.integer(0, 2);
    let built = false;
    const beforeRead = () => (built ? beforeBaseRead() : null);
    let below: Layer | null = layers === 0 ? null : randomBase(random, shape, beforeRead);
    for (let layer = 1; layer < layers; layer++)
      below = await randomMiddle(random, clock, below, shape, layer);
    const name = below === null ? null : 'backing-0';
    const created = new MemoryFile();
    const { clusterBytes, tableClusters } = shape;
    unwrap(
      await createQed(created, {
        imageBytes: shape.sectors * SECTOR_BYTES,
        clusterBytes,
        tableClusters,
        ...(name === null ? {} : { backing: { name, raw: true } }),
      }),
    );
    built = true;
    const story = new DiskStory(random, clock, shape, created.reopened(fileOptions), below, name);
    await story.#open();
    return story;
  }

  private constructor(
    random: SeededRandom,
    clock: SimulatedClock,
    shape: Shape,
    file: MemoryFile,
    below: Layer | null,
    name: string | null,
  ) {
    this.#random = random;
    this.#clock = clock;
    this.#shape = shape;
    this.file = file;
    this.#sectors = shape.sectors;
    this.#possibleSizes = [shape.sectors];
    this.#names = [name];
    this.#openBacking = async () => (below === null ? null : below.open());
    const tags = Array.from({ length: shape.sectors + MAX_GROWTH_SECTORS }, (_, sector) =>
      sector < shape.sectors ? (below?.tags[sector] ?? 0) : 0,
    );
    this.#model = new SectorModel(tags);
  }

  /** Does `steps` things and waits for all of them to end. */
  async run(steps: number, actions: readonly StoryAction[] = ALL_ACTIONS): Promise<void> {
    for (let step = 0; step < steps; step++) {
      await this.#start(this.#random.pick(actions));
      while (this.#underWay.size >= 6 || (this.#underWay.size > 0 && this.#random.chance(0.3))) {
        await Promise.race(this.#underWay);
      }
    }
    await this.#settle();
  }

  /** Reads everything the story may have touched and compares it with the model. */
  async verify(): Promise<void> {
    await this.#settle();
    const device = this.#disk;
    for (const window of [...this.#shape.windows, this.#grown()]) await this.#compare(device, window);
  }

  /** Closes the disk; a flush that never succeeded may lose what was not flushed. */
  async end(): Promise<Result<void>> {
    await this.#settle();
    const device = this.#disk;
    this.#device = null;
    const acknowledge = this.#model.beginFlush();
    const closed = this.#note(await device.close());
    if (closed.ok) acknowledge();
    return closed;
  }

  /** What a loss of power may leave: to be asked at the moment of the cut. */
  survivors(): { check(image: QedDevice): Promise<string | null>; names: BackingNames } {
    const legal = this.#model.survivable();
    const sizes = [...this.#possibleSizes];
    return { names: [...this.#names], check: (image) => this.#survives(image, legal, sizes) };
  }

  /** Whether the disk as it is now open holds nothing but what `survivors` allow; null, or what is wrong. */
  examine(survivors: { check(image: QedDevice): Promise<string | null> }): Promise<string | null> {
    return survivors.check(this.#disk);
  }

  openBacking(): Promise<BlockDevice | null> {
    return this.#openBacking();
  }

  /** Opens the disk after {@link end}. */
  async openAgain(): Promise<void> {
    this.file.reopen();
    await this.#open();
  }

  async #open(): Promise<void> {
    for (;;) {
      const image = await QedImage.open(this.file, {
        clock: this.#clock,
        commitDelayMs: 20,
        tableCacheBytes: this.#random.pick([1, 3, 100]) * 4096,
        onBackgroundFailure: (failure) => void this.#note(failure),
      });
      if (!this.#note(image).ok) continue;
      const opened = unwrap(image);
      this.#device = new QedDevice(opened, opened.backing === null ? null : await this.#openBacking());
      return;
    }
  }

  get lengthBytes(): number {
    return this.#disk.lengthBytes;
  }

  get #disk(): QedDevice {
    if (this.#device === null) throw new Error('the story has ended');
    return this.#device;
  }

  async #settle(): Promise<void> {
    await Promise.all(this.#underWay);
  }

  async #start(action: StoryAction): Promise<void> {
    if (action === 'wait') return this.#clock.delay(this.#random.integer(1, 60));
    if (action === 'reopen') return this.#reopen();
    if (action === 'resize') return this.#resize();
    const device = this.#disk;
    const work = this.#work(action, device);
    const tracked = work.finally(() => this.#underWay.delete(tracked));
    this.#underWay.add(tracked);
  }

  async #work(action: Exclude<StoryAction, 'wait' | 'reopen' | 'resize'>, device: QedDevice): Promise<void> {
    switch (action) {
      case 'read':
        return this.#compare(device, this.#pickSectors());
      case 'write':
        return this.#write(device);
      case 'write-zeroes':
        return this.#exclusively(async (sectors) => {
          const acknowledge = this.#model.begin(sectors, 0);
          const done = await device.writeZeroes(...bytesOf(sectors));
          if (this.#note(done).ok) acknowledge();
        });
      case 'discard':
        return this.#exclusively((sectors) => this.#discard(device, sectors));
      case 'flush': {
        const acknowledge = this.#model.beginFlush();
        if (this.#note(await device.flush()).ok) acknowledge();
        return;
      }
      case 'populate': {
        const ranges = [this.#pickSectors(), this.#pickSectors()].map(rangeOf);
        this.#note(await device.populate(ranges));
        return;
      }
      case 'claim':
        return this.#claim(device);
      case 'extents': {
        const { offset, length } = rangeOf(this.#pickSectors());
        const extent = this.#note(await device.extentAt(offset, length));
        if (extent.ok && (extent.value.offset !== offset || extent.value.length < 1))
          throw new Error('bad extent');
        return;
      }
      case 'drop-backing':
        return this.#random.chance(0.2) ? this.#dropBacking(device) : undefined;
      case 'rename-backing':
        return this.#renameBacking(device);
    }
  }

  async #write(device: QedDevice): Promise<void> {
    return this.#exclusively(async (sectors) => {
      const tag = this.#nextTag++;
      const acknowledge = this.#model.begin(sectors, tag);
      const data = sectorsOf(sectors.first, Array<Tag>(sectors.count).fill(tag));
      if (this.#note(await device.write(sectors.first * SECTOR_BYTES, data)).ok) acknowledge();
    });
  }

  /** Every sector reads as before or as zeroes afterwards; which of the two, the disk decides. */
  async #discard(device: QedDevice, sectors: Sectors): Promise<void> {
    const before = this.#model.readable();
    const acknowledge = this.#model.begin(sectors, 0);
    if (!this.#note(await device.discard(...bytesOf(sectors))).ok) return;
    const bytes = new Uint8Array(sectors.count * SECTOR_BYTES);
    if (!this.#note(await device.read(sectors.first * SECTOR_BYTES, bytes)).ok) return;
    this.#expectLegal(before, sectors, bytes);
    const zero = illegalSector(ONLY_ZEROES, sectors.first, bytes) === null;
    if (zero) acknowledge();
  }

  /** As copy-on-read does: take clusters, fetch them, store them; now and then give up instead. */
  async #claim(device: QedDevice): Promise<void> {
    const { offset, length } = rangeOf(this.#pickSectors());
    const claim = this.#note(await device.claim(offset, offset + length));
    if (!claim.ok || claim.value === null) return;
    const data = new Uint8Array(claim.value.length);
    const fetched = this.#note(await readPadded(device.backing, claim.value.offset, data));
    if (fetched.ok && this.#random.chance(0.9)) this.#note(await claim.value.store(data));
    claim.value.release();
  }

  /** Streams all that is missing. */
  async stream(): Promise<void> {
    const device = this.#disk;
    for (let tries = 0; tries < 50; tries++) {
      const missing = this.#note(await device.findMissing(0, device.lengthBytes));
      if (!missing.ok || missing.value === null) return;
      if (!this.#note(await device.populate([missing.value])).ok) return;
      await this.#clock.delay(1);
    }
  }

  async #dropBacking(device: QedDevice): Promise<void> {
    await this.stream();
    await this.#changeNames(null, () => device.dropBacking());
  }

  async #renameBacking(device: QedDevice): Promise<void> {
    const name = `backing-${this.#nextTag++}`.padEnd(this.#random.integer(12, 1800), 'x');
    const backing = await this.#openBacking();
    if (backing === null || device.backing === null) return;
    const raw = this.#random.chance(0.5);
    await this.#changeNames(name, async () => {
      // Somebody else may have dropped the backing file meanwhile.
      if (device.backing === null) return device.changeBacking(null, null);
      return device.changeBacking({ name, raw }, backing);
    });
  }

  async #changeNames(name: string | null, change: () => Promise<Result<void>>): Promise<void> {
    if (this.#names.length > 1) return;
    this.#names.push(name);
    const changed = await change();
    if (changed.ok) this.#names = [this.#disk.image.backing?.name ?? null];
    // Not every failure is an injected one: names may be too long, clusters still missing.
    else if (changed.failure.code === 'no-space' || changed.failure.code === 'busy') this.#names.pop();
    else this.failures++;
  }

  async #reopen(): Promise<void> {
    unwrap(await this.end());
    await this.openAgain();
  }

  async #resize(): Promise<void> {
    await this.#settle();
    const most = this.#shape.sectors + MAX_GROWTH_SECTORS;
    const sectors = Math.min(most, this.#sectors + this.#random.integer(0, 40));
    this.#possibleSizes.push(sectors);
    const resized = this.#note(await this.#disk.resize(sectors * SECTOR_BYTES));
    if (!resized.ok) return;
    this.#sectors = sectors;
    this.#possibleSizes = [sectors];
  }

  #grown(): Sectors {
    const first = Math.max(0, this.#shape.sectors - 20);
    return { first, count: this.#sectors - first };
  }

  async #compare(device: QedDevice, sectors: Sectors): Promise<void> {
    const legal = this.#model.readable();
    const bytes = new Uint8Array(sectors.count * SECTOR_BYTES);
    const read = this.#note(await device.read(sectors.first * SECTOR_BYTES, bytes));
    if (read.ok) this.#expectLegal(legal, sectors, bytes);
  }

  async #survives(image: QedDevice, legal: Legal, sizes: readonly number[]): Promise<string | null> {
    const sectors = image.lengthBytes / SECTOR_BYTES;
    if (!sizes.includes(sectors)) return `${sectors} sectors long, allowed: ${sizes.join(', ')}`;
    const grown = { first: this.#shape.sectors, count: sectors - this.#shape.sectors };
    for (const { first, count } of [...this.#shape.windows, grown]) {
      const bytes = new Uint8Array(count * SECTOR_BYTES);
      unwrap(await image.read(first * SECTOR_BYTES, bytes));
      const illegal = illegalSector(legal, first, bytes);
      if (illegal !== null) return illegal;
    }
    return null;
  }

  #expectLegal(legal: Legal, { first }: Sectors, bytes: Uint8Array): void {
    const illegal = illegalSector(legal, first, bytes);
    if (illegal !== null) throw new Error(illegal);
  }

  /** Guest requests that change sectors never overlap each other: no guest could say what comes of that. */
  async #exclusively(work: (sectors: Sectors) => Promise<void>): Promise<void> {
    const sectors = this.#pickSectors();
    for (const busy of this.#busy) {
      if (sectors.first < busy.first + busy.count && busy.first < sectors.first + sectors.count) return;
    }
    this.#busy.add(sectors);
    try {
      await work(sectors);
    } finally {
      this.#busy.delete(sectors);
    }
  }

  #pickSectors(): Sectors {
    const window = this.#random.pick([...this.#shape.windows, this.#grown()]);
    const perCluster = this.#shape.clusterBytes / SECTOR_BYTES;
    const end = Math.min(window.first + window.count, this.#sectors);
    let first = this.#random.integer(window.first, end - 1);
    let count = this.#random.integer(1, this.#random.pick([2, perCluster, 3 * perCluster]));
    if (this.#random.chance(0.4)) {
      first = Math.max(window.first, first - (first % perCluster));
      count = perCluster * this.#random.integer(1, 4);
    }
    return { first, count: Math.max(1, Math.min(count, end - first)) };
  }

  #note<T extends Result<unknown>>(result: T): T {
    if (!result.ok) this.failures++;
    return result;
  }
}

const MAX_GROWTH_SECTORS = 200;

interface Layer {
  readonly tags: readonly Tag[];
  open(): Promise<BlockDevice>;
}

function bytesOf({ first, count }: Sectors): [number, number] {
  return [first * SECTOR_BYTES, count * SECTOR_BYTES];
}

function rangeOf({ first, count }: Sectors): { offset: number; length: number } {
  return { offset: first * SECTOR_BYTES, length: count * SECTOR_BYTES };
}

/** Images that end within a cluster, some longer than one L2 table reaches. */
function randomShape(random: SeededRandom): Shape {
  const clusterBytes = random.pick([4096, 4096, 8192]);
  const tableClusters = random.pick([1, 1, 2]);
  const perCluster = clusterBytes / SECTOR_BYTES;
  const perTable = ((clusterBytes * tableClusters) / 8) * perCluster;
  if (random.chance(0.6)) {
    const sectors = random.integer(perCluster, 40 * perCluster);
    return { clusterBytes, tableClusters, sectors, windows: [{ first: 0, count: sectors }] };
  }
  const sectors = perTable + random.integer(1, 10 * perCluster);
  const border = perTable - 8 * perCluster;
  const windows = [
    { first: 0, count: 12 * perCluster },
    { first: border, count: sectors - border },
  ];
  return { clusterBytes, tableClusters, sectors, windows };
}

/** A raw disk, shorter or longer than the image above it, with data and holes. */
function randomBase(random: SeededRandom, shape: Shape, beforeRead: () => Err | null): Layer {
  const tags = randomTags(random, randomLength(random, shape.sectors), 1);
  const content = MemoryDevice.of(sectorsOf(0, tags), { name: 'base', readOnly: true });
  return { tags, open: async () => new Base(content, beforeRead) };
}

/** One of many openings of the lowest image. */
class Base extends MemoryDevice {
  readonly #content: MemoryDevice;
  readonly #beforeRead: () => Err | null;

  constructor(content: MemoryDevice, beforeRead: () => Err | null) {
    super(content.lengthBytes, { name: content.name, readOnly: true });
    this.#content = content;
    this.#beforeRead = beforeRead;
  }

  override async read(offset: number, target: Uint8Array): Promise<Result<void>> {
    return this.#beforeRead() ?? this.#content.read(offset, target);
  }

  override extentAt(offset: number, length: number): Promise<Result<Extent>> {
    return this.#content.extentAt(offset, length);
  }
}

/** An overlay in between, with a geometry of its own. */
async function randomMiddle(
  random: SeededRandom,
  clock: SimulatedClock,
  below: Layer | null,
  shape: Shape,
  tag: Tag,
): Promise<Layer> {
  const sectors = randomLength(random, shape.sectors);
  const tags = Array.from({ length: sectors }, (_, sector) => below?.tags[sector] ?? 0);
  const created = new MemoryFile();
  const clusterBytes = random.pick([4096, 16384]);
  const backing = { name: 'base', raw: true };
  unwrap(await createQed(created, { imageBytes: sectors * SECTOR_BYTES, clusterBytes, backing }));
  const open = async (content: SparseBytes, readOnly: boolean) => {
    const image = unwrap(await QedImage.open(new MemoryFile(content, { readOnly }), { clock }));
    return new QedDevice(image, below === null ? null : await below.open());
  };
  const device = await open(created.content, false);
  for (let writes = 0; writes < 6; writes++) {
    const first = random.integer(0, sectors - 1);
    const count = Math.min(random.integer(1, 60), sectors - first);
    const value = random.chance(0.3) ? 0 : 10 + tag;
    tags.fill(value, first, first + count);
    const data = sectorsOf(first, Array<Tag>(count).fill(value));
    if (value === 0) unwrap(await device.writeZeroes(first * SECTOR_BYTES, data.length));
    else unwrap(await device.write(first * SECTOR_BYTES, data));
  }
  unwrap(await device.close());
  return { tags, open: () => open(created.content.copy(), true) };
}

function randomLength(random: SeededRandom, sectors: number): number {
  return random.pick([
    sectors,
    Math.max(1, sectors - random.integer(1, 30)),
    sectors + random.integer(1, 30),
    Math.max(1, Math.floor(sectors / 2)),
  ]);
}

function randomTags(random: SeededRandom, count: number, tag: Tag): Tag[] {
  const tags: Tag[] = [];
  while (tags.length < count) {
    const value = random.chance(0.5) ? tag : 0;
    tags.push(...Array<Tag>(Math.min(count - tags.length, random.integer(1, 60))).fill(value));
  }
  return tags;
}
