import type { FromScreen } from '../../shared/ipc/bridge.ts';

/**
 * A console's port as noVNC wants a connection: with the properties of a WebSocket that it uses. Why the machine ended
 * the connection is kept in `closedBecause`.
 */
export class PortChannel {
  readonly protocol = '';
  binaryType = 'arraybuffer';
  readyState: 'open' | 'closed' = 'open';
  closedBecause: string | null = null;
  onopen: (() => void) | null = null;
  onerror: (() => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  readonly #port: MessagePort;
  #onmessage: ((event: { data: ArrayBuffer }) => void) | null = null;

  constructor(port: MessagePort) {
    this.#port = port;
  }

  get onmessage(): ((event: { data: ArrayBuffer }) => void) | null {
    return this.#onmessage;
  }

  /** Messages wait until somebody takes them. */
  set onmessage(listener: ((event: { data: ArrayBuffer }) => void) | null) {
    this.#onmessage = listener;
    this.#port.onmessage = ({ data }: MessageEvent<FromScreen>) => {
      if (data instanceof Uint8Array) this.#onmessage?.({ data: exactBuffer(data) });
      else this.#ended(data.closed);
    };
  }

  /** Copied: noVNC goes on using its buffer. */
  send(bytes: Uint8Array | ArrayBuffer): void {
    if (this.readyState === 'open') this.#port.postMessage(new Uint8Array(bytes).slice());
  }

  close(): void {
    this.#ended(null);
  }

  #ended(reason: string | null): void {
    if (this.readyState === 'closed') return;
    this.readyState = 'closed';
    this.closedBecause = reason;
    this.#port.close();
    this.onclose?.({ code: 1000, reason: reason ?? '' });
  }
}

function exactBuffer(bytes: Uint8Array): ArrayBuffer {
  const whole = bytes.byteOffset === 0 && bytes.byteLength === bytes.buffer.byteLength;
  return (whole ? bytes : bytes.slice()).buffer as ArrayBuffer;
}
