import { MessageChannel } from 'node:worker_threads';
import { inflateSync } from 'node:zlib';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { RfbClient, TIGHT_VIEWER, portTransport } from '../../test/support/rfb-client.ts';
import type { ChannelListener, RfbChannel } from './channel.ts';
import { Framebuffer } from './framebuffer.ts';
import { encodePng } from './png.ts';
import { portChannel } from './port-channel.ts';
import { RfbServer } from './server.ts';
import type { PointerKind, PointerState } from './viewer.ts';

const RAW_VIEWER = [0, -223];
/** QEMU's extension. */
const POINTER_MOTION_CHANGE = -257;
/** Asks for compressed photos, too. */
const COMPRESSING_VIEWER = [...TIGHT_VIEWER, -254];

const open: { close(): void }[] = [];
afterEach(() => {
  for (const port of open.splice(0)) port.close();
});

function serve(width = 200, height = 100) {
  const framebuffer = new Framebuffer();
  framebuffer.resize(width, height);
  const keys: number[][] = [];
  const pointers: PointerState[] = [];
  const watched: boolean[] = [];
  const guest: { pointer: PointerKind } = { pointer: 'absolute' };
  const server = new RfbServer({
    framebuffer,
    name: 'a guest',
    input: { onKey: (bytes) => keys.push([...bytes]), onPointer: (pointer) => pointers.push(pointer) },
    pointer: () => guest.pointer,
    onWatched: (is) => watched.push(is),
  });
  const view = async (encodings: readonly number[] = TIGHT_VIEWER) => {
    const { port1, port2 } = new MessageChannel();
    open.push(port1);
    const client = new RfbClient(portTransport(port1));
    server.attach(portChannel(port2));
    await client.connect(encodings);
    return { client, port: port1 };
  };
  const paint = (
    x: number,
    y: number,
    pixelsWide: number,
    pixelsHigh: number,
    colour: (at: number) => number,
  ) => {
    for (let row = y; row < y + pixelsHigh; row++) {
      for (let column = x; column < x + pixelsWide; column++) {
        const at = row * framebuffer.width + column;
        framebuffer.pixels[at] = (0xff000000 | colour(at)) >>> 0;
      }
    }
    server.changed([{ x, y, width: pixelsWide, height: pixelsHigh }]);
  };
  return { server, framebuffer, keys, pointers, watched, guest, view, paint };
}

function expectSame(client: RfbClient, { pixels, width, height }: Framebuffer) {
  expect([client.width, client.height]).toEqual([width, height]);
  const rgb = Buffer.alloc(pixels.length * 3);
  pixels.forEach((pixel, at) => {
    rgb.writeUInt8(pixel & 0xff, at * 3);
    rgb.writeUInt8((pixel >> 8) & 0xff, at * 3 + 1);
    rgb.writeUInt8((pixel >> 16) & 0xff, at * 3 + 2);
  });
  expect(client.pixels.equals(rgb)).toBe(true);
}

/** Something that many colours, and no pattern, come out of. */
const noise = (at: number) => Math.imul(at + 1, 0x9e3779b1) & 0xffffff;

describe('a picture served as RFB', () => {
  it.each([
    ['one colour', () => 0x0000ff],
    ['two colours', (at: number) => (at % 3 === 0 ? 0xff : 0xff00)],
    ['a few colours', (at: number) => (at % 17) * 0x0f0e0d],
    ['256 colours', (at: number) => at % 256],
    ['more colours than a palette has', noise],
  ])('arrives as it is with %s, in every encoding', async (_, colour) => {
    const { view, paint, framebuffer } = serve(201, 99);
    paint(0, 0, 201, 99, colour);
    for (const encodings of [RAW_VIEWER, TIGHT_VIEWER, COMPRESSING_VIEWER]) {
      const { client } = await view(encodings);
      await client.update(false);
      expectSame(client, framebuffer);
    }
  });

  it('is sent once; then only what changed', async () => {
    const { view, paint, framebuffer } = serve(1024, 768);
    const { client } = await view();
    await client.update(false);
    const before = client.pixelsReceived;
    const next = client.update();
    paint(300, 300, 9, 16, () => 0xff);
    await next;
    expectSame(client, framebuffer);
    expect(client.pixelsReceived - before).toBeLessThanOrEqual(64 * 32);
  });

  it('changes its size', async () => {
    const { view, server, framebuffer, paint } = serve();
    const { client } = await view();
    await client.update(false);
    const next = client.update();
    framebuffer.resize(320, 240);
    server.changed([{ x: 0, y: 0, width: 320, height: 240 }]);
    await next;
    paint(0, 0, 320, 240, noise);
    await client.update();
    expectSame(client, framebuffer);
  });

  it('tells viewers that know the extension whether the guest wants places or ways of the mouse', async () => {
    const { view, server, guest, pointers } = serve();
    const { client } = await view([...TIGHT_VIEWER, POINTER_MOTION_CHANGE]);
    const { client: other } = await view();
    await Promise.all([client.update(false), other.update(false)]);
    expect(client.relativePointer).toBeNull();
    client.pointer(20, 30, 1);
    guest.pointer = 'relative';
    const told = client.update();
    server.changed([]);
    await told;
    expect(client.relativePointer).toBe(true);
    client.pointer(0x7fff - 5, 0x7fff + 3, 0);
    await client.update(false);
    other.pointer(7, 8, 0);
    await other.update(false);
    expect(pointers).toEqual([
      { x: 20, y: 30, relative: false, buttons: 1 },
      { x: -5, y: 3, relative: true, buttons: 0 },
      { x: 7, y: 8, relative: false, buttons: 0 },
    ]);
    guest.pointer = 'absolute';
    const again = client.update();
    server.changed([]);
    await again;
    expect(client.relativePointer).toBe(false);
  });

  it('goes to several viewers, and tells when the last one has left', async () => {
    const { view, paint, framebuffer, watched } = serve();
    const viewers = [await view(), await view(RAW_VIEWER)];
    paint(10, 10, 50, 50, noise);
    for (const { client } of viewers) {
      await client.update(false);
      expectSame(client, framebuffer);
    }
    expect(watched).toEqual([true]);
    for (const { port } of viewers) port.close();
    await expect.poll(() => watched).toEqual([true, false]);
  });

  it('is the same for any pixels changed in any order', async () => {
    const area = fc.record({
      x: fc.integer({ min: 0, max: 149 }),
      y: fc.integer({ min: 0, max: 79 }),
      wide: fc.integer({ min: 1, max: 50 }),
      high: fc.integer({ min: 1, max: 20 }),
      colours: fc.constantFrom(1, 2, 5, 300, 70_000),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(area, { maxLength: 8 }), async (areas) => {
        const { view, paint, framebuffer } = serve();
        const { client, port } = await view();
        await client.update(false);
        for (const { x, y, wide, high, colours } of areas) {
          paint(x, y, wide, high, (at) => noise(at % colours));
          await client.update();
          expectSame(client, framebuffer);
        }
        port.close();
      }),
      { numRuns: 30 },
    );
  });
});

describe('what viewers type', () => {
  const codes = async (encodings: readonly number[], act: (client: RfbClient) => void) => {
    const { view, keys } = serve();
    const { client } = await view(encodings);
    act(client);
    await client.update(false);
    return keys;
  };

  it('is typed as on a US keyboard, with Shift where the character needs it', async () => {
    expect(await codes(RAW_VIEWER, (client) => client.type('a|\n'))).toEqual([
      ...[[0x1e], [0x9e]],
      ...[[0x2a], [0x2b], [0xaa], [0xab]],
      ...[[0x1c], [0x9c]],
    ]);
  });

  it('keeps the Shift that the viewer holds', async () => {
    const keys = await codes(RAW_VIEWER, (client) => {
      client.key(0xffe1, true);
      client.key(0x41, true);
      client.key(0x41, false);
      client.key(0xffe1, false);
    });
    expect(keys).toEqual([[0x2a], [0x1e], [0x9e], [0xaa]]);
  });

  it('may name keys by their places', async () => {
    const keys = await codes(TIGHT_VIEWER, (client) => {
      client.place(0x56, true); // left of Z on European keyboards
      client.place(0xc8, true); // the upward arrow
      client.place(0xc8, false);
      client.place(0xc6, true); // Pause
      client.place(0xc6, false);
    });
    expect(keys).toEqual([[0x56], [0xe0, 0x48], [0xe0, 0xc8], [0xe1, 0x1d, 0x45, 0xe1, 0x9d, 0xc5]]);
  });

  it('is Break where it is Pause beside Control', async () => {
    const keys = await codes(TIGHT_VIEWER, (client) => {
      client.place(0x1d, true);
      client.place(0xc6, true);
      client.place(0xc6, false);
      client.place(0x1d, false);
    });
    expect(keys).toEqual([[0x1d], [0xe0, 0x46, 0xe0, 0xc6], [0x9d]]);
  });

  it('does not stay pressed when the viewer leaves', async () => {
    const { view, keys, pointers, watched } = serve();
    const { client, port } = await view();
    client.key(0xffe3, true);
    client.pointer(5, 6, 1);
    await client.update(false);
    port.close();
    await expect.poll(() => watched).toEqual([true, false]);
    expect(keys).toEqual([[0x1d], [0x9d]]);
    expect(pointers.map(({ buttons }) => buttons)).toEqual([1, 0]);
  });
});

/** A viewer without manners: the test says its bytes. */
function rudeViewer(server: RfbServer) {
  let listener: ChannelListener | undefined;
  let closed: string | null | undefined;
  const channel: RfbChannel = {
    congested: false,
    listen: (given) => (listener = given),
    send: () => undefined,
    close: (reason) => (closed = reason),
  };
  server.attach(channel);
  return { say: (bytes: Uint8Array) => listener?.onBytes(bytes), reason: () => closed };
}

const HELLO = Buffer.concat([Buffer.from('RFB 003.008\n'), Uint8Array.of(1, 1)]);

describe('a viewer that breaks the protocol', () => {
  it.each([
    ['speaks something else', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
    ['wants another security', Buffer.concat([Buffer.from('RFB 003.008\n'), Uint8Array.of(2)])],
    ['sends an unknown message', Buffer.concat([HELLO, Uint8Array.of(99)])],
    ['names too many encodings', Buffer.concat([HELLO, Uint8Array.of(2, 0, 255, 255)])],
    [
      'asks for pixels of 24 bits',
      Buffer.concat([HELLO, Uint8Array.of(0, 0, 0, 0, 24, 24, 0, 1), Buffer.alloc(12)]),
    ],
    [
      'asks for a colour map',
      Buffer.concat([HELLO, Uint8Array.of(0, 0, 0, 0, 8, 8, 0, 0), Buffer.alloc(12)]),
    ],
    ['pastes gigabytes', Buffer.concat([HELLO, Uint8Array.of(6, 0, 0, 0, 255, 255, 255, 255)])],
  ])('is sent away when it %s, and the others stay', async (_, bytes) => {
    const { view, server, watched } = serve();
    const { client } = await view();
    const rude = rudeViewer(server);
    rude.say(bytes);
    expect(rude.reason()).toMatch(/viewer/);
    await client.update(false);
    expect(watched).toEqual([true]);
  });

  it('cannot make the server throw, whatever it says and however it is cut', () => {
    const pieces = fc.array(
      fc.oneof(
        fc.uint8Array({ maxLength: 40 }),
        fc.constantFrom(3, 4, 5, 255, 2, 0).map((type) => Uint8Array.of(type, ...Array<number>(19).fill(1))),
      ),
      { maxLength: 20 },
    );
    fc.assert(
      fc.property(pieces, fc.boolean(), (messages, greets) => {
        const { server } = serve();
        const rude = rudeViewer(server);
        if (greets) rude.say(HELLO);
        for (const message of messages) rude.say(message);
      }),
    );
  });
});

describe('a screenshot', () => {
  it('is a PNG file of the picture', () => {
    const { framebuffer, paint } = serve(5, 3);
    paint(0, 0, 5, 3, noise);
    const png = Buffer.from(encodePng(framebuffer));
    expect(png.subarray(12, 24).toString('latin1').slice(0, 4)).toBe('IHDR');
    expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([5, 3]);
    const data = inflateSync(png.subarray(41, 41 + png.readUInt32BE(33)));
    expect(data).toHaveLength(3 * (1 + 5 * 3));
    expect(data.readUIntLE(1, 3)).toBe(noise(0));
  });
});
