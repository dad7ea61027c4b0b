/** How finely writes are remembered, in bytes. */
const BLOCK_BYTES = 64 * 1024;
const BITS_PER_WORD = 32;

/** Where a file was written, in whole blocks of 64 KiB: 2 MiB of memory for a file of 1 TiB, none until it is written. */
export class WrittenBlocks {
  #words = new Uint32Array(0);

  add(offset: number, length: number): void {
    const end = Math.ceil((offset + length) / BLOCK_BYTES);
    this.#reserve(Math.ceil(end / BITS_PER_WORD));
    for (let block = Math.floor(offset / BLOCK_BYTES); block < end; block++) {
      const word = Math.floor(block / BITS_PER_WORD);
      this.#words[word] = (this.#words[word] ?? 0) | (1 << (block % BITS_PER_WORD));
    }
  }

  /** Whether `offset` was written, and how far from there to `end` the answer holds, in bytes. */
  at(offset: number, end: number): { readonly written: boolean; readonly length: number } {
    const first = Math.floor(offset / BLOCK_BYTES);
    const last = Math.min(Math.ceil(end / BLOCK_BYTES), this.#words.length * BITS_PER_WORD);
    const written = this.#has(first);
    let block = first + 1;
    while (block < last && this.#has(block) === written)
      block += this.#isEmptyWord(block) ? BITS_PER_WORD : 1;
    const reach = block < last ? block * BLOCK_BYTES : written ? Math.max(block, last) * BLOCK_BYTES : end;
    return { written, length: Math.min(reach, end) - offset };
  }

  clear(): void {
    this.#words = new Uint32Array(0);
  }

  #has(block: number): boolean {
    const word = this.#words[Math.floor(block / BITS_PER_WORD)] ?? 0;
    return (word & (1 << (block % BITS_PER_WORD))) !== 0;
  }

  /** True at the beginning of a word without any block. */
  #isEmptyWord(block: number): boolean {
    return block % BITS_PER_WORD === 0 && this.#words[block / BITS_PER_WORD] === 0;
  }

  #reserve(words: number): void {
    if (words <= this.#words.length) return;
    const larger = new Uint32Array(Math.max(words, 2 * this.#words.length));
    larger.set(this.#words);
    this.#words = larger;
  }
}
