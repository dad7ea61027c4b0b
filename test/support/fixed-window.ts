import type { Departure, TransferWindow } from '../../main/streaming/window/transfer-window.ts';

/** A fixed number of requests of a fixed size, as QEMU has them. */
export class FixedWindow implements TransferWindow {
  readonly requestBytes: number;
  readonly #windowBytes: number;

  constructor(requestBytes: number, requests: number) {
    this.requestBytes = requestBytes;
    this.#windowBytes = requestBytes * requests;
  }

  admits(outstandingBytes: number, bytes: number): boolean {
    return outstandingBytes === 0 || outstandingBytes + bytes <= this.#windowBytes;
  }

  began(bytes: number): Departure {
    return { atMs: 0, bytes, deliveredBytes: 0, alone: false };
  }

  ended(): void {
    // Nothing to learn.
  }
}
