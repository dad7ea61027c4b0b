import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { MessageChannel } from 'node:worker_threads';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { unwrap } from '../../shared/result.ts';
import type { V86Machine } from '../../main/machines/v86/v86-machine.ts';
import { typedText } from '../../main/rfb/typed-text.ts';
import { consoleGuestDisk } from '../support/console-guest.ts';
import { RfbClient, TIGHT_VIEWER, portTransport } from '../support/rfb-client.ts';
import { buildV86Worker, setUpMachine, type Workbench } from '../support/v86-workbench.ts';

const SCREENSHOTS = path.resolve(import.meta.dirname, '../../artifacts/screens');
const POINTER_MOTION_CHANGE = -257;

let workerScript: string;
let disk: Uint8Array;
let current: Workbench | undefined;

beforeAll(async () => {
  workerScript = await buildV86Worker();
  disk = consoleGuestDisk();
  mkdirSync(SCREENSHOTS, { recursive: true });
});

afterAll(() => {
  rmSync(workerScript, { force: true });
});

afterEach(async () => {
  await current?.machine.kill();
  current = undefined;
});

async function viewerOf(machine: V86Machine): Promise<RfbClient> {
  const { port1, port2 } = new MessageChannel();
  const viewer = new RfbClient(portTransport(port1));
  unwrap(machine.screen.attach(port2));
  await viewer.connect([...TIGHT_VIEWER, POINTER_MOTION_CHANGE]);
  await viewer.update(false);
  return viewer;
}

/** A guest that waits for orders, and a viewer of its screen. */
async function guest() {
  current = setUpMachine(disk, { workerScript });
  const { machine, console } = current;
  unwrap(await machine.start());
  const viewer = await viewerOf(machine);
  unwrap(await console.waitFor('>'));
  /** Gives an order, and resolves with the answer when it is done. */
  const order = async (letter: string) => {
    machine.sendSerial(letter);
    return unwrap(await console.waitFor('>'));
  };
  /** Gives an order that goes on until it is ended, which resolves with the answer. */
  const begin = async (letter: string) => {
    machine.sendSerial(letter);
    unwrap(await console.waitFor('!'));
    return async () => {
      machine.sendSerial('.');
      return unwrap(await console.waitFor('>'));
    };
  };
  const keep = async (name: string) => {
    writeFileSync(path.join(SCREENSHOTS, `${name}.png`), unwrap(await machine.screen.screenshot()));
  };
  return { machine, console, viewer, order, begin, keep };
}

/** Takes updates until the picture has that size, and every pixel the colour told. */
async function shows(
  viewer: RfbClient,
  width: number,
  height: number,
  colour: (x: number, y: number) => number,
): Promise<void> {
  while (viewer.width !== width || viewer.height !== height || !isEverywhere(viewer, colour)) {
    await viewer.update();
  }
}

function isEverywhere(viewer: RfbClient, colour: (x: number, y: number) => number): boolean {
  for (let y = 0; y < viewer.height; y++) {
    for (let x = 0; x < viewer.width; x++) if (viewer.pixel(x, y) !== colour(x, y)) return false;
  }
  return true;
}

const trueColour = (x: number, y: number) => ((x & 255) << 16) | ((y & 255) << 8) | 128;
/** The first sixteen colours, as the BIOS sets them: six bits each for red, green and blue. */
const SIXTEEN = [
  ...[0x000000, 0x0000a8, 0x00a800, 0x00a8a8, 0xa80000, 0xa800a8, 0xa85700, 0xa8a8a8],
  ...[0x575757, 0x5757ff, 0x57ff57, 0x57ffff, 0xff5757, 0xff57ff, 0xffff57, 0xffffff],
];

describe('the picture of a guest', () => {
  it('is right in every kind of mode, and follows from one to the next', async () => {
    const { viewer, order, keep } = await guest();
    await order('a');
    // The first row has every colour of the palette once: they tell what the others must be.
    await shows(viewer, 320, 200, (x, y) => viewer.pixel((x & 255) ^ y, 0));
    expect(Array.from({ length: 16 }, (_, x) => viewer.pixel(x, 0))).toEqual(SIXTEEN);
    await order('b');
    await shows(viewer, 640, 480, (_, y) => SIXTEEN[Math.floor(y / 30)] ?? -1);
    await order('c');
    await shows(viewer, 640, 480, trueColour);
    await order('d');
    await shows(viewer, 1024, 768, trueColour);
    await keep('guest-graphics');
    await order('t');
    await shows(viewer, 720, 400, (x, y) => (y < 16 ? viewer.pixel(x, y) : 0));
  });

  it('is sent where it changed, and not at all where it did not', async () => {
    const { viewer, order } = await guest();
    await order('d');
    await shows(viewer, 1024, 768, trueColour);
    const before = viewer.bytesReceived;
    const next = viewer.update();
    const quiet = new Promise((resolve) => setTimeout(() => resolve('quiet'), 1500));
    expect(await Promise.race([next, quiet])).toBe('quiet');
    expect(viewer.bytesReceived).toBe(before);
    await order('t');
    await next;
  });

  it('moves for a viewer that comes when the guest draws already', async () => {
    current = setUpMachine(disk, { workerScript });
    const { machine, console } = current;
    unwrap(await machine.start());
    unwrap(await console.waitFor('>'));
    machine.sendSerial('d');
    unwrap(await console.waitFor('>'));
    const late = await viewerOf(machine);
    machine.sendSerial('g');
    for (let update = 0; update < 5; update++) await late.update();
    machine.sendSerial('.');
    unwrap(await console.waitFor('>'));
  });

  it('survives modes that make no sense', async () => {
    const { viewer, order, machine } = await guest();
    for (const letter of ['x', 'y']) {
      let done = false;
      const ordered = order(letter).finally(() => (done = true));
      while (!done) await Promise.race([viewer.update(), ordered]);
      expect(viewer.width * viewer.height).toBeLessThanOrEqual(2560 * 1600);
      expect(unwrap(await machine.screen.screenshot()).length).toBeGreaterThan(0);
    }
    await order('c');
    await shows(viewer, 640, 480, trueColour);
  });
});

const hex = (bytes: readonly number[]) => bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('');

describe('the keyboard of a guest', () => {
  it('tells of every key by its place', async () => {
    const { viewer, console, begin } = await guest();
    await begin('k');
    // As QEMU's extension writes them: the top bit stands for keys with two codes.
    const places = [
      ...Array.from({ length: 0x58 }, (_, index) => index + 1),
      ...[
        0x9c, 0x9d, 0xb5, 0xb7, 0xb8, 0xc7, 0xc8, 0xc9, 0xcb, 0xcd, 0xcf, 0xd0, 0xd1, 0xd2, 0xd3, 0xdb, 0xdc,
        0xdd,
      ],
    ];
    const wanted: number[] = [];
    for (const place of places) {
      viewer.place(place, true);
      viewer.place(place, false);
      const prefix = place > 0x7f ? [0xe0] : [];
      wanted.push(...prefix, place & 0x7f, ...prefix, (place & 0x7f) | 0x80);
    }
    viewer.place(0xc6, true);
    viewer.place(0xc6, false);
    wanted.push(0xe1, 0x1d, 0x45, 0xe1, 0x9d, 0xc5);
    unwrap(await console.waitFor(hex(wanted)));
  });

  it('loses no character of a long text, also when the machine is paused in the midst of it', async () => {
    const { machine, begin } = await guest();
    const end = await begin('k');
    const text = 'The quick brown fox: 0123456789 ~!@#$%^&*()_+{}|"<>?\n'.repeat(4);
    const pieces = text.match(/[^]{1,64}/g) ?? [];
    const typing = (async () => {
      for (const piece of pieces) expect(unwrap(await machine.screen.type(piece)).left).toBe(0);
    })();
    for (let pause = 0; pause < 3; pause++) {
      await new Promise((resolve) => setTimeout(resolve, 300));
      unwrap(await machine.pause());
      await new Promise((resolve) => setTimeout(resolve, 300));
      unwrap(await machine.resume());
    }
    await typing;
    expect(await end()).toContain(hex(typedText(text).keys.flat()));
  });

  it('gives up a text at a reset', async () => {
    const { machine, console, begin } = await guest();
    await begin('k');
    const typed = machine.screen.type('x'.repeat(200));
    unwrap(await machine.reset());
    expect(await typed).toMatchObject({ failure: { code: 'closed' } });
    unwrap(await console.waitFor('>'));
  });
});

describe('the mouse of a guest', () => {
  it('is asked for when the guest uses it, and tells its ways, buttons and wheel', async () => {
    const { viewer, begin } = await guest();
    expect(viewer.relativePointer).toBeNull();
    const end = await begin('m');
    while (!viewer.relativePointer) await viewer.update(false);
    const move = (x: number, y: number, buttons: number) => viewer.pointer(0x7fff + x, 0x7fff + y, buttons);
    move(5, 3, 0);
    move(-2, -1, 1);
    move(0, 0, 0);
    await viewer.update(false); // the machine has read all that came before
    // Acknowledged; then buttons and signs, the way to the right, the way up. The way comes before the button.
    const packets = [0xfa, ...[0x28, 5, 0xfd], ...[0x18, 0xfe, 1], ...[0x09, 0, 0], ...[0x08, 0, 0]];
    expect(await end()).toContain(hex(packets));
  });
});

describe('the serial port of a guest', () => {
  it('floods nobody: the machine obeys, and is typed into', async () => {
    const { machine, console, order } = await guest();
    let bytes = 0;
    machine.on('serial', (chunk) => (bytes += chunk.length));
    machine.sendSerial('f');
    while (bytes < 300_000) await new Promise((resolve) => setTimeout(resolve, 50));
    unwrap(await machine.pause());
    const paused = bytes;
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(bytes - paused).toBeLessThan(10_000);
    unwrap(await machine.resume());
    machine.sendSerial('.');
    unwrap(await console.waitFor('>'));
    await order('t');
    expect(unwrap(await machine.screen.text())?.[0]).toBe('This is text.');
  });
});
