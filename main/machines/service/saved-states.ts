import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { because, DONE, err, type Result } from '../../../shared/result.ts';
import type { Catalog } from '../../catalog/catalog.ts';
import type { MachineRow } from '../../catalog/tables/machines.ts';
import type { SavedStateRow } from '../../catalog/tables/saved-states.ts';
import { CONTENT_STAMP_BYTES } from '../../qed/content-stamp.ts';
import type { ImageFiles } from '../../storage/overlays/image-files.ts';
import type { Journal } from '../../disks/journal.ts';
import type { OpenedDisk } from '../../disks/opened-disk.ts';
import { deletePassing, noteMaking } from '../../catalog/passing-files.ts';
import type { Machine, Started } from '../machine.ts';
import { stateFileName } from './names.ts';
import { unfitState } from './unfit-state.ts';

export interface SavedStateParts {
  readonly catalog: Catalog;
  readonly files: ImageFiles;
  readonly journal: Journal;
  readonly nowMs: () => number;
  readonly newId: () => string;
}

/** A machine that is on, over its open disk. */
export interface Powered {
  readonly row: MachineRow;
  readonly machine: Machine;
  readonly disk: OpenedDisk;
  /** Where the disk's image lies: its state is put beside it. */
  readonly folder: string;
}

/**
 * The saved states of machines, each used once and only beside the very disk it was saved beside (ADR 15). What keeps
 * them together is the content stamp in the disk's image; the catalog only says which file belongs to which machine.
 */
export class SavedStates {
  readonly #parts: SavedStateParts;

  constructor(parts: SavedStateParts) {
    this.#parts = parts;
  }

  /**
   * Saves a machine; it is paused then, and must be ended. In this order: the state's file, which is written down as
   * passing; the stamp in the image; the row, which takes the file over. Until the row is there nothing is lost but the
   * time it took: when something fails the machine goes on.
   */
  async save({ row, machine, disk, folder }: Powered): Promise<Result<void>> {
    const { catalog, files, newId } = this.#parts;
    const paused = machine.state.kind === 'paused' && machine.state.by === 'user';
    const file = path.join(folder, stateFileName(row.name, newId()));
    const begun = await noteMaking(this.#parts, [file]);
    if (!begun.ok) return begun;
    const entered = await this.#saveTo(file, { row, machine, disk });
    if (entered.ok) return DONE;
    const deleted = await deletePassing(catalog, files, [file]);
    if (!paused && machine.state.kind === 'paused') await machine.resume();
    return deleted.ok ? entered : because(entered.failure.message, deleted);
  }

  async #saveTo(
    file: string,
    { row, machine, disk }: Pick<Powered, 'row' | 'machine' | 'disk'>,
  ): Promise<Result<void>> {
    const contentStamp = randomBytes(CONTENT_STAMP_BYTES).toString('hex');
    const saved = await machine.save({ file, contentStamp });
    if (!saved.ok) return saved;
    const stamped = await disk.stampContent(contentStamp);
    if (!stamped.ok) return stamped;
    const { catalog, nowMs } = this.#parts;
    const state: SavedStateRow = {
      machineId: row.id,
      path: file,
      fileBytes: saved.value,
      memoryMiB: row.memoryMiB,
      savedMs: nowMs(),
    };
    return catalog.change(({ savedStates, passingFiles }) => {
      savedStates.add(state);
      passingFiles.remove([file]);
    });
  }

  /** The machine runs: the state was used, or is of no use any more. The user is told when it was not used. */
  async used({ id, name }: MachineRow, { stateRefused }: Started): Promise<void> {
    const { journal } = this.#parts;
    if (stateRefused !== null) {
      const text = `${name} was started from its disk. Its saved state could not be used: ${stateRefused}.`;
      const failure = unfitState(stateRefused);
      journal.tell({
        level: 'warning',
        kind: 'saved-state-refused',
        facts: [name],
        failure,
        subject: id,
        text,
      });
    }
    journal.report(await this.discard(id));
  }

  /** Deletes a machine's saved state; answers with the bytes that became free. */
  async discard(machineId: string): Promise<Result<number>> {
    const { catalog, files, nowMs } = this.#parts;
    const dropped = catalog.change(({ savedStates, passingFiles }) => {
      const state = savedStates.find(machineId);
      if (state === null) return null;
      savedStates.remove(machineId);
      passingFiles.add([state.path], 'deleting', nowMs());
      return state.path;
    });
    if (!dropped.ok) return dropped;
    return dropped.value === null
      ? err('invalid-argument', 'This machine has no saved state', { words: ['no-saved-state'] })
      : deletePassing(catalog, files, [dropped.value]);
  }
}
