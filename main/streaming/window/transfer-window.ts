import { MIB } from '../../../shared/units.ts';

/** What a request looked like when it left. */
export interface Departure {
  readonly atMs: number;
  readonly bytes: number;
  /** Bytes that had arrived by then. */
  readonly deliveredBytes: number;
  /** Nothing else was outstanding, nor will be before it has arrived. */
  readonly alone: boolean;
}

/** How much may be outstanding, and in pieces of what size. */
export interface TransferWindow {
  /** Size to plan the next request with, in bytes. */
  readonly requestBytes: number;
  /** Whether another request of `bytes` may join `outstandingBytes`. One is always let through. */
  admits(outstandingBytes: number, bytes: number): boolean;
  began(bytes: number, outstandingBytes: number): Departure;
  /** @param fetchedBytes what came from the source; null when the request failed. */
  ended(departure: Departure, fetchedBytes: number | null): void;
}

/** A fixed number of requests of a fixed size: for sources on the same machine, where there is no line to fill. */
export class FixedWindow implements TransferWindow {
  readonly requestBytes: number;
  readonly #windowBytes: number;

  constructor(requestBytes = 4 * MIB, requests = 2) {
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
