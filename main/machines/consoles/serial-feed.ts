import type { SerialReader } from './serial-log.ts';

/** What a window may have been sent and not shown yet. A flood beyond that passes it by. */
const IN_FLIGHT_BYTES = 256 * 1024;
const CHUNK_BYTES = 32 * 1024;

export interface FeedReceiver {
  bytes(bytes: Uint8Array<ArrayBuffer>): void;
  /** So many bytes are missing before the next ones. */
  skipped(lengthBytes: number): void;
}

/** Gives a window what a guest prints, as fast as the window shows it and no faster. */
export class SerialFeed {
  readonly #reader: Pick<SerialReader, 'read'>;
  readonly #receiver: FeedReceiver;
  #inFlightBytes = 0;

  constructor(reader: Pick<SerialReader, 'read'>, receiver: FeedReceiver) {
    this.#reader = reader;
    this.#receiver = receiver;
  }

  /** Sends what there is, and what is allowed. To be called when there is more. */
  pump(): void {
    while (this.#inFlightBytes < IN_FLIGHT_BYTES) {
      const read = this.#reader.read(CHUNK_BYTES);
      if (read === null) return;
      this.#inFlightBytes += read.bytes.length;
      if (read.skippedBytes > 0) this.#receiver.skipped(read.skippedBytes);
      this.#receiver.bytes(read.bytes);
    }
  }

  /** The window has shown so many bytes. */
  taken(lengthBytes: number): void {
    this.#inFlightBytes = Math.max(0, this.#inFlightBytes - lengthBytes);
    this.pump();
  }
}
