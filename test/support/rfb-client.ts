/** A small RFB viewer, written from RFC 6143 and not from the server: it decodes what the server encodes. */
import { inflateSync } from 'node:zlib';
import type { MessagePort } from 'node:worker_threads';

export interface ClientTransport {
  send(bytes: Uint8Array): void;
  onBytes(listener: (bytes: Uint8Array) => void): void;
}

export function portTransport(port: MessagePort): ClientTransport {
  return {
    send: (bytes) => port.postMessage(bytes),
    onBytes: (listener) =>
      port.on('message', (data: unknown) => {
        if (data instanceof Uint8Array) listener(data);
      }),
  };
}

export const TIGHT_VIEWER = [7, 0, -223, -308, -258] as const;

export interface RfbClientOptions {
  /** False to read pictures and forget them. Default: true. */
  readonly keepsPixels?: boolean;
}

export class RfbClient {
  readonly #transport: ClientTransport;
  readonly #keepsPixels: boolean;
  #bytes = Buffer.alloc(0);
  #more: () => void = () => undefined;
  width = 0;
  height = 0;
  name = '';
  /** Red, green and blue, a byte each. */
  pixels = Buffer.alloc(0);
  /** Null until the server told. */
  relativePointer: boolean | null = null;
  updates = 0;
  pixelsReceived = 0;
  bytesReceived = 0;
  readonly seenEncodings = new Set<number>();

  constructor(transport: ClientTransport, { keepsPixels = true }: RfbClientOptions = {}) {
    this.#transport = transport;
    this.#keepsPixels = keepsPixels;
    transport.onBytes((bytes) => {
      this.bytesReceived += bytes.length;
      this.#bytes = this.#bytes.length === 0 ? Buffer.from(bytes) : Buffer.concat([this.#bytes, bytes]);
      this.#more();
    });
  }

  async connect(encodings: readonly number[] = TIGHT_VIEWER): Promise<void> {
    await this.#take(12);
    this.send(Buffer.from('RFB 003.008\n'));
    const types = await this.#take((await this.#take(1)).readUInt8());
    if (!types.includes(1)) throw new Error('no security type None');
    this.send(Uint8Array.of(1));
    if ((await this.#take(4)).readUInt32BE() !== 0) throw new Error('refused');
    this.send(Uint8Array.of(1));
    const init = await this.#take(24);
    this.#resize(init.readUInt16BE(0), init.readUInt16BE(2));
    this.name = (await this.#take(init.readUInt32BE(20))).toString();
    const message = Buffer.alloc(4 + 4 * encodings.length);
    message.writeUInt8(2);
    message.writeUInt16BE(encodings.length, 2);
    encodings.forEach((encoding, index) => message.writeInt32BE(encoding, 4 + 4 * index));
    this.send(message);
  }

  send(bytes: Uint8Array): void {
    this.#transport.send(bytes);
  }

  request(incremental: boolean): void {
    const message = Buffer.alloc(10);
    message.writeUInt8(3);
    message.writeUInt8(incremental ? 1 : 0, 1);
    message.writeUInt16BE(this.width, 6);
    message.writeUInt16BE(this.height, 8);
    this.send(message);
  }

  key(keysym: number, down: boolean): void {
    const message = Buffer.alloc(8);
    message.writeUInt8(4);
    message.writeUInt8(down ? 1 : 0, 1);
    message.writeUInt32BE(keysym, 4);
    this.send(message);
  }

  /** QEMU's extended key event. */
  place(xtCode: number, down: boolean): void {
    const message = Buffer.alloc(12);
    message.writeUInt8(255);
    message.writeUInt16BE(down ? 1 : 0, 2);
    message.writeUInt32BE(xtCode, 8);
    this.send(message);
  }

  pointer(x: number, y: number, buttons: number): void {
    const message = Buffer.alloc(6);
    message.writeUInt8(5);
    message.writeUInt8(buttons, 1);
    message.writeUInt16BE(x, 2);
    message.writeUInt16BE(y, 4);
    this.send(message);
  }

  type(text: string): void {
    for (const character of text) {
      const keysym = character === '\n' ? 0xff0d : character.charCodeAt(0);
      this.key(keysym, true);
      this.key(keysym, false);
    }
  }

  /** Asks for what changed and takes it. */
  async update(incremental = true): Promise<void> {
    this.request(incremental);
    const head = await this.#take(4);
    if (head.readUInt8() !== 0) throw new Error(`unexpected message ${head.readUInt8()}`);
    const count = head.readUInt16BE(2);
    for (let index = 0; index < count; index++) await this.#rectangle();
    this.updates++;
  }

  pixel(x: number, y: number): number {
    return this.pixels.readUIntBE((y * this.width + x) * 3, 3);
  }

  async #rectangle(): Promise<void> {
    const head = await this.#take(12);
    const [x, y] = [head.readUInt16BE(0), head.readUInt16BE(2)];
    const [width, height] = [head.readUInt16BE(4), head.readUInt16BE(6)];
    const encoding = head.readInt32BE(8);
    this.seenEncodings.add(encoding);
    if (encoding === -258) return;
    if (encoding === -257) {
      this.relativePointer = x === 0;
      return;
    }
    if (encoding === -223) {
      this.#resize(width, height);
      return;
    }
    if (encoding === -308) {
      await this.#take(16 * (await this.#take(4)).readUInt8());
      if (y === 0) this.#resize(width, height);
      return;
    }
    this.pixelsReceived += width * height;
    if (x + width > this.width || y + height > this.height) throw new Error('rectangle outside the picture');
    const rgb = encoding === 7 ? await this.#tight(width, height) : await this.#raw(width, height);
    if (!this.#keepsPixels) return;
    for (let row = 0; row < height; row++) {
      rgb.copy(this.pixels, ((y + row) * this.width + x) * 3, row * width * 3, (row + 1) * width * 3);
    }
  }

  async #raw(width: number, height: number): Promise<Buffer> {
    const raw = await this.#take(width * height * 4);
    if (!this.#keepsPixels) return raw;
    const rgb = Buffer.alloc(width * height * 3);
    for (let at = 0; at < width * height; at++) raw.copy(rgb, at * 3, at * 4, at * 4 + 3);
    return rgb;
  }

  async #tight(width: number, height: number): Promise<Buffer> {
    const control = (await this.#take(1)).readUInt8() >> 4;
    const rgb = Buffer.alloc(width * height * 3);
    if (control === 8) return rgb.fill(await this.#take(3));
    if (control > 8) throw new Error(`tight control ${control}`);
    const filter = control & 4 ? (await this.#take(1)).readUInt8() : 0;
    if (filter === 0) return this.#zlib(rgb.length);
    if (filter !== 1) throw new Error(`tight filter ${filter}`);
    const colours = (await this.#take(1)).readUInt8() + 1;
    const palette = await this.#take(colours * 3);
    const rowBytes = colours === 2 ? Math.ceil(width / 8) : width;
    const data = await this.#zlib(rowBytes * height);
    if (!this.#keepsPixels) return data;
    for (let y = 0, to = 0; y < height; y++) {
      for (let x = 0; x < width; x++, to++) {
        const at = y * rowBytes + (colours === 2 ? x >> 3 : x);
        const index = colours === 2 ? (data.readUInt8(at) >> (7 - (x & 7))) & 1 : data.readUInt8(at);
        palette.copy(rgb, to * 3, index * 3, index * 3 + 3);
      }
    }
    return rgb;
  }

  async #zlib(length: number): Promise<Buffer> {
    if (length < 12) return this.#take(length);
    let size = 0;
    for (let shift = 0; shift <= 14; shift += 7) {
      const byte = (await this.#take(1)).readUInt8();
      size |= (shift === 14 ? byte : byte & 0x7f) << shift;
      if (shift < 14 && byte < 0x80) break;
    }
    const deflated = await this.#take(size);
    if (!this.#keepsPixels) return deflated;
    const data = inflateSync(deflated);
    if (data.length !== length) throw new Error(`${data.length} bytes instead of ${length}`);
    return data;
  }

  #resize(width: number, height: number): void {
    this.width = width;
    this.height = height;
    this.pixels = Buffer.alloc(width * height * 3);
  }

  async #take(length: number): Promise<Buffer> {
    while (this.#bytes.length < length) await new Promise<void>((resolve) => (this.#more = resolve));
    const taken = this.#bytes.subarray(0, length);
    this.#bytes = this.#bytes.subarray(length);
    return taken;
  }
}
