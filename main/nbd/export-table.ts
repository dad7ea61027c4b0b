import { DONE, err, type Result } from '../../shared/result.ts';
import { MAX_STRING_BYTES } from '../block/nbd/protocol.ts';
import type { NbdExport } from './export.ts';

/** What a server offers, by name. */
export class ExportTable {
  readonly #exports = new Map<string, NbdExport>();

  add(served: NbdExport): Result<void> {
    const { name, description = '' } = served;
    for (const [what, text] of [
      ['name', name],
      ['description', description],
    ] as const) {
      if (Buffer.byteLength(text) > MAX_STRING_BYTES || text.includes('\0')) {
        return err(
          'invalid-argument',
          `the ${what} of an export has at most ${MAX_STRING_BYTES} bytes and no NUL`,
        );
      }
    }
    if (this.#exports.has(name)) return err('already-exists', `there is an export '${name}' already`);
    this.#exports.set(name, served);
    return DONE;
  }

  remove(name: string): void {
    this.#exports.delete(name);
  }

  /** The empty name also stands for the only export there is. */
  find(name: string): NbdExport | null {
    const found = this.#exports.get(name);
    if (found !== undefined) return found;
    const [only, ...others] = this.#exports.values();
    return name === '' && only !== undefined && others.length === 0 ? only : null;
  }

  all(): NbdExport[] {
    return [...this.#exports.values()];
  }
}
