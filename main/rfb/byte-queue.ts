/** Bytes received and not understood yet. */
export class ByteQueue {
  #bytes: Uint8Array = new Uint8Array();
  #skip = 0;

  get length(): number {
    return this.#bytes.length;
  }

  push(bytes: Uint8Array): void {
    const skipped = Math.min(this.#skip, bytes.length);
    this.#skip -= skipped;
    const fresh = bytes.subarray(skipped);
    if (fresh.length === 0) return;
    this.#bytes = this.#bytes.length === 0 ? fresh : Buffer.concat([this.#bytes, fresh]);
  }

  /** The next `count` bytes, which stay; null while there are fewer. */
  peek(count: number): DataView | null {
    if (this.#bytes.length < count) return null;
    return new DataView(this.#bytes.buffer, this.#bytes.byteOffset, count);
  }

  /** Drops the next `count` bytes, also those still to come. */
  drop(count: number): void {
    const present = Math.min(count, this.#bytes.length);
    this.#bytes = this.#bytes.subarray(present);
    this.#skip = count - present;
  }
}
