import type { MessagePort } from 'node:worker_threads';
import { TRANSFER_FROM_BYTES } from './protocol.ts';

/** Collects the messages of one turn and posts them as one array: a message costs more than what is in it. */
export class Outbox<Message> {
  readonly #port: MessagePort;
  #messages: Message[] = [];
  #transfers: ArrayBuffer[] = [];

  constructor(port: MessagePort) {
    this.#port = port;
  }

  /**
   * @param payload bytes inside `message` that nobody else uses. They must be alone in their buffer: copying a view
   *   copies, and transferring it takes away, everything around it.
   */
  push(message: Message, payload?: Uint8Array<ArrayBuffer>): void {
    if (this.#messages.length === 0) queueMicrotask(() => this.flush());
    this.#messages.push(message);
    if (payload !== undefined && payload.length >= TRANSFER_FROM_BYTES) this.#transfers.push(payload.buffer);
  }

  /** Posts what is waiting now; needed before the port is closed. */
  flush(): void {
    if (this.#messages.length === 0) return;
    const messages = this.#messages;
    const transfers = this.#transfers;
    this.#messages = [];
    this.#transfers = [];
    this.#port.postMessage(messages, transfers);
  }
}

/** Memory for a payload: not zeroed, and alone in its buffer, so that it may be transferred. */
export function allocatePayload(lengthBytes: number): Uint8Array<ArrayBuffer> {
  return Buffer.allocUnsafeSlow(lengthBytes);
}
