const BITS_PER_WORD = 32;
const FIRST_SLOTS = 1024;
/** No word has this number. */
const EMPTY = -1;

/**
 * A set of cluster numbers for files of any length. It takes memory only for its members, at most some 50 bytes each
 * and far less where they lie close together, so that entries strewn over a huge sparse file cost no more than the
 * table they stand in.
 *
 * A hash table with open addressing: 32 clusters to a word, words found by linear probing.
 */
export class ClusterSet {
  #wordNumbers = new Float64Array(FIRST_SLOTS).fill(EMPTY);
  #words = new Uint32Array(FIRST_SLOTS);
  #wordCount = 0;
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
    const slot = this.#slotOf(Math.floor(cluster / BITS_PER_WORD));
    const mask = 1 << (cluster % BITS_PER_WORD);
    const word = this.#words[slot] ?? 0;
    if ((word & mask) !== 0) return false;
    this.#words[slot] = word | mask;
    this.#size++;
    if (cluster > this.#highest) this.#highest = cluster;
    return true;
  }

  /** Adds `count` clusters from `first` on. Returns how many of them were there already. */
  addRun(first: number, count: number): number {
    let known = 0;
    for (let i = 0; i < count; i++) if (!this.add(first + i)) known++;
    return known;
  }

  #slotOf(wordNumber: number): number {
    const slot = this.#probe(wordNumber);
    if (this.#wordNumbers[slot] === wordNumber) return slot;
    if (2 * this.#wordCount >= this.#words.length) {
      this.#growSlots();
      return this.#slotOf(wordNumber);
    }
    this.#wordNumbers[slot] = wordNumber;
    this.#wordCount++;
    return slot;
  }

  /** The slot of a word, or the empty one where it belongs. */
  #probe(wordNumber: number): number {
    const last = this.#words.length - 1;
    const low = wordNumber % 0x1_0000_0000;
    const high = Math.floor(wordNumber / 0x1_0000_0000);
    const hash = Math.imul(low ^ Math.imul(high, 0x85ebca6b), 0x9e3779b1);
    let slot = (hash ^ (hash >>> 15)) & last;
    for (;;) {
      const found = this.#wordNumbers[slot];
      if (found === wordNumber || found === EMPTY) return slot;
      slot = (slot + 1) & last;
    }
  }

  #growSlots(): void {
    const wordNumbers = this.#wordNumbers;
    const words = this.#words;
    this.#wordNumbers = new Float64Array(2 * words.length).fill(EMPTY);
    this.#words = new Uint32Array(2 * words.length);
    for (const [i, wordNumber] of wordNumbers.entries()) {
      if (wordNumber === EMPTY) continue;
      const slot = this.#probe(wordNumber);
      this.#wordNumbers[slot] = wordNumber;
      this.#words[slot] = words[i] ?? 0;
    }
  }
}
