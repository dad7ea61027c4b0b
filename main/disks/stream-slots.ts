import type { Priority } from '../../shared/ipc/machines.ts';

const RANKS: Readonly<Record<Priority, number>> = { high: 0, normal: 1, low: 2 };

interface Wish {
  readonly id: string;
  readonly priority: Priority;
}

/**
 * How many disks may stream at a time while their machines are off: those of the highest priority; among equals who
 * has a turn keeps it, and the others wait, first come, first served.
 */
export class StreamSlots {
  readonly #most: () => number;
  readonly #changed: (id: string) => void;
  /** In the order in which they came. */
  readonly #wishes = new Map<string, Wish>();
  #having = new Set<string>();

  /** @param changed told who got a turn, or lost it to somebody more important: to be asked again */
  constructor(most: () => number, changed: (id: string) => void) {
    this.#most = most;
    this.#changed = changed;
  }

  /** Whether it is the disk's turn. One that has to wait is told of its turn later. */
  take(id: string, priority: Priority): boolean {
    this.#wishes.set(id, { id, priority });
    this.#allot(id);
    return this.#having.has(id);
  }

  giveBack(id: string): void {
    if (this.#wishes.delete(id)) this.#allot(id);
  }

  /** The number of turns is another one now. */
  recount(): void {
    this.#allot(null);
  }

  /** @param asking knows already */
  #allot(asking: string | null): void {
    const before = this.#having;
    const waits = ({ id }: Wish) => (before.has(id) ? 0 : 1);
    const inOrder = [...this.#wishes.values()].sort(
      (a, b) => RANKS[a.priority] - RANKS[b.priority] || waits(a) - waits(b),
    );
    const now = new Set(inOrder.slice(0, this.#most()).map(({ id }) => id));
    this.#having = now;
    for (const id of new Set([...before, ...now])) {
      if (id !== asking && before.has(id) !== now.has(id)) this.#changed(id);
    }
  }
}
