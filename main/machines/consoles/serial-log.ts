/** About 10,000 lines. */
const CAPACITY_BYTES = 1 << 20;

export interface SerialRead {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Bytes before these that were overwritten before this reader came to them. */
  readonly skippedBytes: number;
}

/** The latest that a guest sent to its serial port, for any number of readers, each at its own pace. */
export class SerialLog {
  readonly #capacityBytes: number;
  readonly #readers = new Set<() => void>();
  /** Grows to the capacity, then is a ring. */
  #bytes = new Uint8Array();
  /** How many bytes there ever were. */
  #end = 0;

  constructor(capacityBytes = CAPACITY_BYTES) {
    this.#capacityBytes = capacityBytes;
  }

  get isEmpty(): boolean {
    return this.#end === 0;
  }

  append(bytes: Uint8Array): void {
    const kept = bytes.subarray(Math.max(0, bytes.length - this.#capacityBytes));
    this.#end += bytes.length - kept.length;
    this.#makeRoom(kept.length);
    const at = this.#end % this.#capacityBytes;
    const first = kept.subarray(0, this.#capacityBytes - at);
    this.#bytes.set(first, at);
    this.#bytes.set(kept.subarray(first.length), 0);
    this.#end += kept.length;
    for (const tell of [...this.#readers]) tell();
  }

  /** Begins with the oldest byte there is. @param onMore called whenever there is more to read */
  reader(onMore: () => void): SerialReader {
    let at = Math.max(0, this.#end - this.#capacityBytes);
    this.#readers.add(onMore);
    return {
      read: (maxBytes) => {
        const from = Math.max(at, this.#end - this.#capacityBytes);
        const skippedBytes = from - at;
        const bytes = this.#slice(from, Math.min(this.#end, from + maxBytes));
        if (bytes.length === 0) return null;
        at = from + bytes.length;
        return { bytes, skippedBytes };
      },
      close: () => this.#readers.delete(onMore),
    };
  }

  #makeRoom(lengthBytes: number): void {
    const wanted = Math.min(this.#capacityBytes, this.#end + lengthBytes);
    if (wanted <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.min(this.#capacityBytes, Math.max(4096, wanted * 2)));
    larger.set(this.#bytes);
    this.#bytes = larger;
  }

  #slice(from: number, to: number): Uint8Array<ArrayBuffer> {
    const slice = new Uint8Array(to - from);
    const at = from % this.#capacityBytes;
    const first = this.#bytes.subarray(at, Math.min(at + slice.length, this.#capacityBytes));
    slice.set(first);
    slice.set(this.#bytes.subarray(0, slice.length - first.length), first.length);
    return slice;
  }
}

export interface SerialReader {
  /** The next bytes; null when there are none. */
  read(maxBytes: number): SerialRead | null;
  /** Nothing is told any more. */
  close(): void;
}
