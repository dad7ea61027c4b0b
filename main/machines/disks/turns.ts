/** How many disks may stream at a time while their machines are off; the others wait, first come, first served. */
export class Turns {
  readonly #most: number;
  readonly #having = new Set<string>();
  readonly #waiting = new Set<string>();
  readonly #free: (id: string) => void;

  /** @param free told who is next when a turn was given back */
  constructor(most: number, free: (id: string) => void) {
    this.#most = most;
    this.#free = free;
  }

  take(id: string): boolean {
    if (this.#having.has(id)) return true;
    if (this.#having.size >= this.#most) {
      this.#waiting.add(id);
      return false;
    }
    this.#waiting.delete(id);
    this.#having.add(id);
    return true;
  }

  giveBack(id: string): void {
    this.#waiting.delete(id);
    if (!this.#having.delete(id)) return;
    const [next] = this.#waiting;
    if (next === undefined) return;
    this.#waiting.delete(next);
    this.#free(next);
  }
}
