import fs from 'node:fs';
import path from 'node:path';
import { sleep, type Clock } from '../../../shared/clock.ts';
import type { PublishedMaster, StateDescription } from '../../../shared/master.ts';
import { DONE, type Failure, type Result } from '../../../shared/result.ts';
import { failureFromSystem } from '../../../shared/errno.ts';
import type { ImageTasks } from '../../storage/overlays/image-tasks-client.ts';
import { BackOff, WAIT } from '../../streaming/waiting/back-off.ts';

export interface InstantStateParts {
  /** Where downloaded states lie, one file for each; a cache, which may be emptied at any time. */
  readonly folder: string;
  /** Name and version of the emulator: whose states it can read. */
  readonly emulator: string;
  readonly clock: Clock;
  readonly tasks: Pick<ImageTasks, 'run'>;
  /** Memory of the bucket that everything draws on. */
  readonly globalLimit: () => SharedArrayBuffer;
  readonly connections: () => number;
}

/** A download that goes on, or does not any more. */
export interface StateDownload {
  readonly signal: AbortSignal;
  /** @param fraction that is here, from 0 to 1 */
  readonly progress: (fraction: number) => void;
}

/** A source that was lost for a moment is waited for; a guest that boots can be waited for instead. */
const MOST_TRIES = 4;
const ENDING = '.state';

/** The states that were published with masters, as far as they are on this computer. */
export class InstantStates {
  readonly #parts: InstantStateParts;
  /** Names of the states that are here. */
  readonly #here = new Set<string>();
  /** One download of a state serves all machines that wait for it. */
  readonly #coming = new Map<string, Promise<Result<void>>>();

  constructor(parts: InstantStateParts) {
    this.#parts = parts;
    for (const name of namesIn(parts.folder)) {
      if (name.endsWith(ENDING)) this.#here.add(name.slice(0, -ENDING.length));
    }
  }

  /** Why a machine cannot go on from this state, as the end of a sentence; null where it can, as far as can be told now. */
  whyNot({ emulator, memoryMiB }: StateDescription, wantedMiB: number): string | null {
    if (emulator !== this.#parts.emulator) {
      return `it was saved by ${JSON.stringify(emulator)}, this is ${JSON.stringify(this.#parts.emulator)}`;
    }
    return memoryMiB === wantedMiB
      ? null
      : `it was saved with ${memoryMiB} MiB of memory, the machine has ${wantedMiB}`;
  }

  isHere({ sha256 }: StateDescription): boolean {
    return this.#here.has(sha256);
  }

  fileOf({ sha256 }: StateDescription): string {
    return path.join(this.#parts.folder, sha256 + ENDING);
  }

  /** Downloads the state unless it is here. Ends with `cancelled` when it is called off; another may go on with it. */
  async fetch(
    published: PublishedMaster,
    state: StateDescription,
    download: StateDownload,
  ): Promise<Result<void>> {
    for (;;) {
      if (this.isHere(state)) return DONE;
      const coming = this.#coming.get(state.sha256);
      if (coming === undefined) break;
      await coming;
    }
    const fetching = this.#fetch(published, state, download);
    this.#coming.set(state.sha256, fetching);
    const fetched = await fetching;
    this.#coming.delete(state.sha256);
    if (fetched.ok) this.#here.add(state.sha256);
    return fetched;
  }

  /** What is here of a state is of no use. */
  drop(state: StateDescription): Result<void> {
    this.#here.delete(state.sha256);
    return remove(this.fileOf(state));
  }

  /** Deletes what belongs to none of these. */
  tidy(needed: ReadonlySet<string>): Result<void> {
    for (const name of namesIn(this.#parts.folder)) {
      const [sha256 = ''] = name.split('.');
      if (needed.has(sha256)) continue;
      this.#here.delete(sha256);
      const removed = remove(path.join(this.#parts.folder, name));
      if (!removed.ok) return removed;
    }
    return DONE;
  }

  async #fetch(
    published: PublishedMaster,
    state: StateDescription,
    { signal, progress }: StateDownload,
  ): Promise<Result<void>> {
    const { tasks, clock, globalLimit, connections } = this.#parts;
    const backOff = new BackOff(WAIT);
    const wanted = {
      published,
      file: this.fileOf(state),
      globalLimit: globalLimit(),
      connections: connections(),
    };
    for (;;) {
      const fetched = await tasks.run('fetchState', wanted, { signal, onProgress: progress });
      if (fetched.ok || !mayPass(fetched.failure) || backOff.tries + 1 >= MOST_TRIES) return fetched;
      await sleep(clock, backOff.nextMs(fetched.failure), signal);
    }
  }
}

function mayPass({ code }: Failure): boolean {
  return code === 'source-unreachable';
}

function namesIn(folder: string): string[] {
  return fs.existsSync(folder) ? fs.readdirSync(folder) : [];
}

function remove(file: string): Result<void> {
  try {
    fs.rmSync(file, { force: true });
    return DONE;
  } catch (error) {
    return failureFromSystem(error, `Could not delete '${file}'`);
  }
}
