/** Where a wire puts what comes in. */
export interface WireInput {
  /** Memory for the next bytes; never empty. */
  space(): Buffer;
  /**
   * So many bytes were put at the beginning of the space.
   * @returns false when nothing more is wanted before {@link Wire.resume}
   */
  filled(count: number): boolean;
  /** Nothing more will come; called once, whatever the reason. */
  ended(): void;
}

/** A connection as the transmission phase uses it: bytes in without a copy, bytes out with one system call. */
export interface Wire {
  /** Delivers what comes in from now on. */
  start(input: WireInput): void;
  /** Goes on after the input had enough. */
  resume(): void;
  /** Sends the pieces, in this order. `sent` is called when their memory may be used again, also on failure. */
  send(pieces: readonly Uint8Array[], sent: () => void): void;
  /** Whether the connection alone keeps the process running; it does until told otherwise. */
  keepsProcess(keeps: boolean): void;
  /** Sends what is waiting, then says goodbye. */
  end(): void;
  /** Cuts the connection now. */
  destroy(): void;
  /** Resolves when the connection is closed. */
  readonly closed: Promise<void>;
}
