/** What a screen of text holds. */
const MOST_BYTES = 2048;

/** The last that a guest printed, for whoever comes later. */
export class RecentOutput {
  #bytes = Buffer.alloc(0);

  add(bytes: Uint8Array): void {
    this.#bytes = Buffer.concat([this.#bytes, bytes]).subarray(-MOST_BYTES);
  }

  /** One character for each byte. */
  get text(): string {
    return this.#bytes.toString('latin1');
  }
}
