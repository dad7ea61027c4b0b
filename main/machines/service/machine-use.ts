import { err, type Result } from '../../../shared/result.ts';
import type { MachineRow } from '../../catalog/tables/machines.ts';
import type { MachineRows } from './machine-rows.ts';

/** Who has a machine: its user, who switched it on, or work that needs it off. One at a time. */
export class MachineUse {
  readonly #rows: MachineRows;
  readonly #isOn: (id: string) => boolean;
  /** What is done with it, for messages: 'being copied'. */
  readonly #work = new Map<string, string>();

  constructor(rows: MachineRows, isOn: (id: string) => boolean) {
    this.#rows = rows;
    this.#isOn = isOn;
  }

  /** @param what it cannot be while it is on, for the message: 'copied' */
  requireOff(id: string, what: string): Result<MachineRow> {
    const row = this.#rows.find(id);
    if (!row.ok) return row;
    const { name } = row.value;
    const work = this.#work.get(id);
    if (work !== undefined) return err('busy', `${name} is ${work}`, { words: ['machine-occupied', name] });
    return this.#isOn(id)
      ? err('busy', `${name} is on: it cannot be ${what} now`, { words: ['machine-is-on', name] })
      : row;
  }

  /** Keeps the machine off while `work` goes on. */
  async occupy<T>(
    id: string,
    what: string,
    work: (machine: MachineRow) => Promise<Result<T>>,
  ): Promise<Result<T>> {
    const off = this.requireOff(id, what);
    if (!off.ok) return off;
    this.#work.set(id, `being ${what}`);
    try {
      return await work(off.value);
    } finally {
      this.#work.delete(id);
    }
  }
}
