/**
 * Writes into the overlay that follow a reply to the guest. Bounded: who wants to add to a full queue waits, and with
 * it the guest, so memory stays bounded when the local disk is slower than the source.
 */
export class StoreQueue {
  readonly #mostBytes: number;
  readonly #running = new Set<Promise<void>>();
  #pendingBytes = 0;
  #waiting: (() => void)[] = [];

  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  /** Resolves when `bytes` may be added; the room is the caller's until {@link add} or {@link giveBack}. */
  async reserve(bytes: number): Promise<void> {
    while (this.#pendingBytes > 0 && this.#pendingBytes + bytes > this.#mostBytes) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    this.#pendingBytes += bytes;
  }

  /** Reserves without waiting, for work that can be left undone: only while the queue is at most half full. */
  tryReserve(bytes: number): boolean {
    if (this.#pendingBytes + bytes > this.#mostBytes / 2) return false;
    this.#pendingBytes += bytes;
    return true;
  }

  giveBack(bytes: number): void {
    this.#pendingBytes -= bytes;
    for (const wake of this.#waiting.splice(0)) wake();
  }

  /** Runs `store`, which takes `bytes` of reserved room; resolves when it has ended. */
  async add(bytes: number, store: () => Promise<void>): Promise<void> {
    const running = store();
    this.#running.add(running);
    await running;
    this.#running.delete(running);
    this.giveBack(bytes);
  }

  /** Resolves when everything added so far has ended. */
  async settled(): Promise<void> {
    await Promise.all(this.#running);
  }
}
