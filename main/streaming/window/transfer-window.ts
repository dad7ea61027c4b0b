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
