const PAGE_BYTES = 4096;

interface Page {
  readonly bytes: Uint8Array;
  /** Who may change it; everybody else copies it first. */
  readonly owner: SparseBytes;
}

/** Bytes with holes, of any length, that can be copied cheaply: copies share what neither changes. */
export class SparseBytes {
  #pages = new Map<number, Page>();
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** How much memory the content takes, in bytes. */
  get storedBytes(): number {
    return this.#pages.size * PAGE_BYTES;
  }

  copy(): SparseBytes {
    const copy = new SparseBytes();
    // From now on neither may change the pages in place: both belong to nobody.
    for (const [index, { bytes }] of this.#pages) copy.#pages.set(index, { bytes, owner: NOBODY });
    this.#pages = new Map(copy.#pages);
    copy.#length = this.#length;
    return copy;
  }

  /** Fills `target` from `position` on, as far as there is content; returns how much. */
  read(position: number, target: Uint8Array): number {
    const count = Math.max(0, Math.min(target.length, this.#length - position));
    this.#eachPage(position, count, (index, within, done, length) => {
      const page = this.#pages.get(index);
      if (page === undefined) target.fill(0, done, done + length);
      else target.set(page.bytes.subarray(within, within + length), done);
    });
    return count;
  }

  write(position: number, data: Uint8Array): void {
    this.#eachPage(position, data.length, (index, within, done, length) => {
      this.#changeable(index).set(data.subarray(done, done + length), within);
    });
    this.#length = Math.max(this.#length, position + data.length);
  }

  setLength(length: number): void {
    if (length < this.#length) {
      for (const index of this.#pages.keys()) if (index * PAGE_BYTES >= length) this.#pages.delete(index);
      if (length % PAGE_BYTES !== 0) {
        const last = Math.floor(length / PAGE_BYTES);
        if (this.#pages.has(last)) this.#changeable(last).fill(0, length % PAGE_BYTES);
      }
    }
    this.#length = length;
  }

  /** All of it; only for what is known to be small. */
  toBytes(): Uint8Array {
    const bytes = new Uint8Array(this.#length);
    this.read(0, bytes);
    return bytes;
  }

  #changeable(index: number): Uint8Array {
    const page = this.#pages.get(index);
    if (page?.owner === this) return page.bytes;
    const bytes = page === undefined ? new Uint8Array(PAGE_BYTES) : page.bytes.slice();
    this.#pages.set(index, { bytes, owner: this });
    return bytes;
  }

  #eachPage(
    position: number,
    length: number,
    visit: (index: number, within: number, done: number, length: number) => void,
  ): void {
    for (let done = 0; done < length;) {
      const within = (position + done) % PAGE_BYTES;
      const piece = Math.min(length - done, PAGE_BYTES - within);
      visit(Math.floor((position + done) / PAGE_BYTES), within, done, piece);
      done += piece;
    }
  }
}

const NOBODY = new SparseBytes();
