import type { Socket } from 'node:net';

/** A socket before its export is chosen: read in exact amounts, one after the other. */
export class HandshakeStream {
  readonly #socket: Socket;
  #over = false;
  #wake: () => void = () => {};
  readonly #readable = () => this.#wake();
  readonly #ended = () => {
    this.#over = true;
    this.#wake();
  };

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('readable', this.#readable);
    socket.on('end', this.#ended);
    socket.on('close', this.#ended);
    socket.on('error', this.#ended);
  }

  /** The next `length` bytes; null when the client has gone before. */
  async take(length: number): Promise<Buffer | null> {
    for (;;) {
      if (length === 0) return Buffer.alloc(0);
      const bytes = this.#socket.read(length) as Buffer | null;
      // At the end of the stream Node hands out what is left, however little.
      if (bytes !== null) return bytes.length === length ? bytes : null;
      if (this.#over) return null;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** Resolves when the bytes are on their way, or the client is gone. */
  send(...parts: readonly Uint8Array[]): Promise<void> {
    return new Promise((resolve) => {
      if (this.#over || this.#socket.destroyed) return resolve();
      this.#socket.write(Buffer.concat(parts), () => resolve());
    });
  }

  /** True when bytes have come that nobody asked for yet. */
  get hasMore(): boolean {
    return this.#socket.readableLength > 0;
  }

  get socket(): Socket {
    return this.#socket;
  }

  /** Leaves the socket to somebody else. @returns what has come already */
  detach(): Buffer {
    this.#socket.off('readable', this.#readable);
    this.#socket.off('end', this.#ended);
    this.#socket.off('close', this.#ended);
    // The listener for 'error' stays: without one an error would end the program.
    const rest = this.#socket.read() as Buffer | null;
    this.#socket.pause();
    return rest ?? Buffer.alloc(0);
  }
}
