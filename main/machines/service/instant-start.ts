import { DONE, err, ok, type Failure, type Result } from '../../../shared/result.ts';
import type { MachineView } from '../../../shared/ipc/machines.ts';
import type { Catalog } from '../../catalog/catalog.ts';
import type { DiskRow } from '../../catalog/tables/disks.ts';
import type { MachineRow } from '../../catalog/tables/machines.ts';
import type { ImageFiles } from '../../storage/overlays/image-files.ts';
import { publishedContentStamp } from '../../storage/saved-state/published-state.ts';
import type { DiskService } from '../../disks/disk-service.ts';
import type { Journal } from '../../disks/journal.ts';
import type { Started } from '../machine.ts';
import { unfitState } from './unfit-state.ts';
import type { InstantStates } from './instant-states.ts';

export interface InstantStartParts {
  readonly catalog: Catalog;
  readonly files: ImageFiles;
  readonly disks: DiskService;
  readonly journal: Journal;
  readonly instantStates: InstantStates;
  /** What is known of a machine is another now. */
  readonly changed: (id: string) => void;
}

interface Waiting {
  readonly abort: AbortController;
  fraction: number;
}

/** Why a wait for a state was called off. */
type CalledOff = 'boot' | 'stop';

/**
 * First starts from the state that was published with a master (ADR 14): fetched where it is not here, used once, and only
 * over a disk that still is what was published. Whatever keeps it from being used, the machine boots, and the user is told.
 */
export class InstantStart {
  readonly #parts: InstantStartParts;
  readonly #waiting = new Map<string, Waiting>();

  constructor(parts: InstantStartParts) {
    this.#parts = parts;
  }

  /** What the next start of a machine goes on from; null where it boots, or has a saved state of its own. */
  view({ id, memoryMiB, instantStart }: MachineRow): MachineView['instantStart'] {
    const { instantStates } = this.#parts;
    const state = instantStart?.description.state;
    if (state === undefined || instantStates.whyNot(state, memoryMiB) !== null) return null;
    const waiting = this.#waiting.get(id);
    const here = instantStates.isHere(state) ? 1 : (waiting?.fraction ?? 0);
    return {
      totalBytes: state.lengthBytes,
      missingBytes: Math.round(state.lengthBytes * (1 - here)),
      fetching: waiting !== undefined,
    };
  }

  /** The file to go on from, which is here then; null where the machine is to boot. `closed` where its start was called off. */
  async prepare(row: MachineRow, disk: DiskRow): Promise<Result<string | null>> {
    const { instantStart: published } = row;
    const state = published?.description.state;
    if (published === null || state === undefined) return ok(null);
    const { files, instantStates, disks } = this.#parts;
    const unfit = instantStates.whyNot(state, row.memoryMiB);
    if (unfit !== null) return this.#bootInstead(row, unfitState(unfit));
    const stamp = await files.contentStampOf(disk.path);
    if (!stamp.ok) return stamp;
    if (stamp.value !== publishedContentStamp(published.description)) {
      return this.#bootInstead(row, unfitState('the disk was written since'));
    }
    const waiting: Waiting = { abort: new AbortController(), fraction: 0 };
    const { signal } = waiting.abort;
    this.#waiting.set(row.id, waiting);
    // Nothing else of this machine is needed sooner, and the line may be slow.
    const fetched = await disks.quietly(disk.id, () =>
      instantStates.fetch(published, state, {
        signal,
        progress: (fraction) => {
          waiting.fraction = fraction;
          this.#parts.changed(row.id);
        },
      }),
    );
    this.#waiting.delete(row.id);
    if (signal.aborted) {
      return (signal.reason as CalledOff) === 'boot' ? ok(null) : err('closed', `${row.name} was stopped`);
    }
    return fetched.ok ? ok(instantStates.fileOf(state)) : this.#bootInstead(row, fetched.failure);
  }

  /** Calls off the wait of a machine for its state; false when it does not wait. */
  callOff(id: string, why: CalledOff): boolean {
    const waiting = this.#waiting.get(id);
    waiting?.abort.abort(why);
    return waiting !== undefined;
  }

  callOffAll(): void {
    for (const id of this.#waiting.keys()) this.callOff(id, 'stop');
  }

  /** The machine runs. What its master was published with is of no use to it any more. */
  used(row: MachineRow, { stateRefused }: Started): void {
    const { journal, instantStates, catalog } = this.#parts;
    const state = row.instantStart?.description.state;
    if (stateRefused !== null && state !== undefined) {
      // The disk fitted a moment ago: it is the file.
      journal.report(instantStates.drop(state));
      this.#bootInstead(row, unfitState(stateRefused));
    }
    if (row.instantStart !== null) {
      journal.report(catalog.note(({ machines }) => machines.setInstantStart(row.id, null)));
    }
  }

  /** Deletes downloaded states that belong to no master and no machine of the catalog. */
  tidy(): Result<void> {
    const needed = this.#parts.catalog.read(({ machines, masters }) => {
      const published = [
        ...masters.list().map((master) => master.published),
        ...machines.list().map((machine) => machine.instantStart),
      ];
      return new Set(published.flatMap((one) => one?.description.state?.sha256 ?? []));
    });
    return needed.ok ? this.#parts.instantStates.tidy(needed.value) : DONE;
  }

  #bootInstead({ id, name }: MachineRow, failure: Failure): Result<null> {
    const text = `${name} was booted. What was published to start it at once could not be used: ${failure.message}.`;
    this.#parts.journal.tell({
      level: 'warning',
      kind: 'instant-start-refused',
      facts: [name],
      failure,
      subject: id,
      text,
    });
    return ok(null);
  }
}
