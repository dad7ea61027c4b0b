/** The services behind the windows over a folder of the running test, with machines that run no guest. */
import fs from 'node:fs';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import { openBackEnd, type BackEnd, type BackEndOptions } from '../../main/app/back-end.ts';
import type { MachineState, ResumeOrder, SaveOrder, Started } from '../../main/machines/machine.ts';
import { FakeMachine } from './fake-machine.ts';
import { systemClock } from '../../shared/clock.ts';
import type { PushName } from '../../shared/ipc/contract.ts';
import type { MachineView } from '../../shared/ipc/machines.ts';
import { DONE, ok, unwrap, type Result } from '../../shared/result.ts';
import { MIB } from '../../shared/units.ts';
import { tempFolder } from './temp-folder.ts';

export type { BackEnd };

export const RECIPE = 'tiny';
export const RECIPE_BYTES = 4 * MIB;

/** A machine that can be switched on and off. */
export class PretendMachine extends FakeMachine {
  override state: MachineState = { kind: 'created' };

  /** What a saved state is refused for, whatever it is. */
  refuses: string | null = null;
  memoryMiB = 0;

  /** Goes on from what {@link save} wrote, beside the disk of that name. */
  override async start(resume: ResumeOrder | null = null): Promise<Result<Started>> {
    const stateRefused = resume && (this.refuses ?? refusalOf(resume));
    this.commands.push(resume === null || stateRefused !== null ? 'boot' : 'go on');
    await this.#become({ kind: 'running' });
    return ok({ from: this.commands.includes('go on') ? 'saved-state' : 'disk', stateRefused });
  }

  override async save({ file, contentStamp }: SaveOrder): Promise<Result<number>> {
    this.enter({ kind: 'saving', fraction: 0 });
    fs.writeFileSync(file, contentStamp, { flag: 'wx' });
    await this.#become({ kind: 'paused', by: 'user' });
    return ok(contentStamp.length);
  }

  override readonly pause = () => this.#become({ kind: 'paused', by: 'user' });
  override readonly resume = () => this.#become({ kind: 'running' });
  override readonly stop = () => this.#become({ kind: 'stopped', why: 'requested' });
  override readonly kill = () => this.#become({ kind: 'stopped', why: 'killed' });

  async #become(state: MachineState): Promise<Result<void>> {
    this.enter(state);
    return DONE;
  }
}

function refusalOf({ file, contentStamp }: ResumeOrder): string | null {
  if (!fs.existsSync(file)) return 'it is missing';
  const content = fs.readFileSync(file);
  // What was published is a real state; what a pretended machine saved is nothing but the name of its disk.
  const stamp =
    content.toString('latin1', 0, 8) === 'HDWSTATE'
      ? content.toString('hex', 72, 88)
      : content.toString('utf8');
  return stamp === contentStamp ? null : 'the disk was written since it was saved';
}

export interface News {
  readonly name: PushName;
  readonly payload: unknown;
}

export class MachineRoom {
  readonly folder: string;
  readonly machines = new Map<string, PretendMachine>();
  readonly news: News[] = [];
  readonly warnings: string[] = [];
  readonly #options: Partial<BackEndOptions>;
  #backEnd: BackEnd | null = null;

  constructor(options: Partial<BackEndOptions> = {}) {
    this.folder = tempFolder();
    this.#options = options;
    buildRecipe(path.join(this.folder, 'recipes'));
    onTestFinished(() => this.close());
  }

  get dataFolder(): string {
    return path.join(this.folder, 'data');
  }

  get disksFolder(): string {
    return path.join(this.dataFolder, 'disks');
  }

  get masterPath(): string {
    return path.join(this.folder, 'recipes', RECIPE, 'disk.raw');
  }

  /** Texts of the notices so far. */
  get notices(): string[] {
    return this.news.flatMap(({ name, payload }) =>
      name === 'notice' ? [(payload as { text: string }).text] : [],
    );
  }

  async open(over: Partial<BackEndOptions> = {}): Promise<BackEnd> {
    this.#backEnd = unwrap(await this.tryOpen(over));
    return this.#backEnd;
  }

  tryOpen(over: Partial<BackEndOptions> = {}): Promise<Result<BackEnd>> {
    fs.mkdirSync(this.dataFolder, { recursive: true });
    return openBackEnd({
      publish: (name, payload) => void this.news.push({ name, payload }),
      warn: (text) => void this.warnings.push(text),
      clock: systemClock,
      dataFolder: this.dataFolder,
      recipesFolder: path.join(this.folder, 'recipes'),
      makeMachine: ({ id, memoryMiB }) => {
        const machine = new PretendMachine();
        machine.memoryMiB = memoryMiB;
        this.machines.set(id, machine);
        return ok(machine);
      },
      ...this.#options,
      ...over,
    });
  }

  async close(): Promise<void> {
    const backEnd = this.#backEnd;
    this.#backEnd = null;
    await backEnd?.close();
  }

  /** A machine over the recipe, switched off. */
  async create(
    over: { name?: string; kind?: 'standalone' | 'linked'; start?: boolean } = {},
  ): Promise<MachineView> {
    const { machines } = this.#backEnd ?? (await this.open());
    return unwrap(await machines.create({ applianceId: RECIPE, start: false, ...over }));
  }

  /** The names of the images in the storage folder. */
  images(folder = this.disksFolder): string[] {
    return namesIn(folder, '.qed');
  }

  /** The names of the saved states there. */
  states(folder = this.disksFolder): string[] {
    return namesIn(folder, '.state');
  }

  machine(id: string): PretendMachine {
    const machine = this.machines.get(id);
    if (machine === undefined) throw new Error(`machine ${id} was never started`);
    return machine;
  }
}

function namesIn(folder: string, ending: string): string[] {
  return fs.existsSync(folder) ? fs.readdirSync(folder).filter((name) => name.endsWith(ending)) : [];
}

/** The master is full of sevens, but for a quarter of zeroes. */
export function buildRecipe(folder: string): void {
  const place = path.join(folder, RECIPE);
  fs.mkdirSync(place, { recursive: true });
  const disk = Buffer.alloc(RECIPE_BYTES, 7).fill(0, 0, RECIPE_BYTES / 4);
  fs.writeFileSync(path.join(place, 'disk.raw'), disk);
  const description = {
    formatVersion: 1,
    id: RECIPE,
    name: 'Tiny',
    summary: 'Small.',
    publisher: 'Us',
    version: '1',
    arch: 'i386',
    licence: 'free',
    memoryMiB: 32,
    diskSizeBytes: RECIPE_BYTES,
    loginHint: 'Just come in.',
    disk: { file: 'disk.raw', sizeBytes: RECIPE_BYTES, sha256: 'a'.repeat(64) },
  };
  fs.writeFileSync(path.join(place, 'appliance.json'), JSON.stringify(description));
}
