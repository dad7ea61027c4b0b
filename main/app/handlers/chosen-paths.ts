import path from 'node:path';
import { DONE, err, type Result } from '../../../shared/result.ts';

/** What the user was asked for a path to do. */
export type Purpose = 'read' | 'save' | 'folder';

/**
 * Paths that the user chose in a dialog. A window may name no others, and none for another purpose: a page that somebody
 * got to misbehave must not read or overwrite any file of the user's.
 */
export class ChosenPaths {
  readonly #chosen: Readonly<Record<Purpose, Set<string>>> = {
    read: new Set(),
    save: new Set(),
    folder: new Set(),
  };

  add(purpose: Purpose, chosen: string): void {
    this.#chosen[purpose].add(path.resolve(chosen));
  }

  /** What was chosen to be written may be written once: the dialog asked whether this file may be replaced, not the next. */
  check(purpose: Purpose, wanted: string): Result<void> {
    const paths = this.#chosen[purpose];
    const file = path.resolve(wanted);
    const known = purpose === 'save' ? paths.delete(file) : paths.has(file);
    if (known) return DONE;
    return err(
      'permission-denied',
      `${wanted} was not chosen in a dialog. Choose it with the button beside it.`,
      { words: ['not-chosen', wanted] },
    );
  }
}
