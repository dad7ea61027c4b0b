const CHUNK_CLUSTERS = 64 * 1024;

/**
 * A set of cluster numbers that takes memory only around the members, so that a sparse or lying file of any length
 * can be checked: 8 KiB per 65536 clusters touched.
 */
export class ClusterSet {
  readonly #chunks = new Map<number, Uint8Array>();
  #size = 0;
  #highest = -1;

  get size(): number {
    return this.#size;
  }

  /** The largest member, or -1. */
  get highest(): number {
    return this.#highest;
  }

  /** Adds a cluster. Returns false when it was there already. */
  add(cluster: number): boolean {
    const chunkIndex = Math.floor(cluster / CHUNK_CLUSTERS);
    let chunk = this.#chunks.get(chunkIndex);
    if (chunk === undefined) {
      chunk = new Uint8Array(CHUNK_CLUSTERS / 8);
      this.#chunks.set(chunkIndex, chunk);
    }
    const within = cluster % CHUNK_CLUSTERS;
    const mask = 1 << (within & 7);
    const byte = chunk[within >> 3] ?? 0;
    if ((byte & mask) !== 0) return false;
    chunk[within >> 3] = byte | mask;
    this.#size++;
    if (cluster > this.#highest) this.#highest = cluster;
    return true;
  }

  /** Adds `count` clusters from `first` on. Returns false, adding none, when one of them was there already. */
  addRun(first: number, count: number): boolean {
    for (let i = 0; i < count; i++) if (this.#has(first + i)) return false;
    for (let i = 0; i < count; i++) this.add(first + i);
    return true;
  }

  #has(cluster: number): boolean {
    const within = cluster % CHUNK_CLUSTERS;
    const byte = this.#chunks.get(Math.floor(cluster / CHUNK_CLUSTERS))?.[within >> 3] ?? 0;
    return (byte & (1 << (within & 7))) !== 0;
  }
}
