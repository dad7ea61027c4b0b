import path from 'node:path';
import { DONE, err, type Result } from '../../../shared/result.ts';

/**
 * Paths that the user chose in a dialog. A window may name no others: a page that somebody got to misbehave must not
 * read or overwrite any file of the user's.
 */
export class ChosenPaths {
  readonly #chosen = new Set<string>();

  add(chosen: string): void {
    this.#chosen.add(path.resolve(chosen));
  }

  check(wanted: string): Result<void> {
    if (this.#chosen.has(path.resolve(wanted))) return DONE;
    return err(
      'permission-denied',
      `${wanted} was not chosen in a dialog. Choose it with the button beside it.`,
      { words: ['not-chosen', wanted] },
    );
  }
}
