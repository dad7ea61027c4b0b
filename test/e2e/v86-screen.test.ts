import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { MessageChannel } from 'node:worker_threads';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { unwrap } from '../../shared/result.ts';
import type { V86Machine } from '../../main/machines/v86/v86-machine.ts';
import { RfbClient, TIGHT_VIEWER, portTransport } from '../support/rfb-client.ts';
import { applianceDisk, buildV86Worker, setUpMachine, type Workbench } from '../support/v86-workbench.ts';

const SCREENSHOTS = path.resolve(import.meta.dirname, '../../artifacts/screens');

let workerScript: string;
let current: Workbench | undefined;

beforeAll(async () => {
  workerScript = await buildV86Worker();
  mkdirSync(SCREENSHOTS, { recursive: true });
});

afterAll(() => {
  rmSync(workerScript, { force: true });
});

afterEach(async () => {
  await current?.machine.kill();
  current = undefined;
});

function machineFor(appliance: string): Workbench {
  current = setUpMachine(applianceDisk(appliance), { workerScript });
  return current;
}

async function viewerOf(
  machine: V86Machine,
  encodings: readonly number[] = TIGHT_VIEWER,
): Promise<RfbClient> {
  const { port1, port2 } = new MessageChannel();
  const client = new RfbClient(portTransport(port1));
  unwrap(machine.screen.attach(port2));
  await client.connect(encodings);
  return client;
}

/** Waits until the text on the screen matches. */
async function shown(machine: V86Machine, wanted: RegExp): Promise<string> {
  const until = Date.now() + 240_000;
  for (;;) {
    const text = unwrap(await machine.screen.text())?.join('\n') ?? '';
    if (wanted.test(text)) return text;
    if (Date.now() > until) throw new Error(`The screen does not show ${String(wanted)}:\n${text.trimEnd()}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function keepScreenshot(machine: V86Machine, name: string): Promise<Uint8Array> {
  const png = unwrap(await machine.screen.screenshot());
  writeFileSync(path.join(SCREENSHOTS, `${name}.png`), png);
  return png;
}

describe('the screen of Tiny Linux', () => {
  it('shows the login prompt, takes keys and shows what they did', async () => {
    const { machine } = machineFor('tiny-linux');
    unwrap(await machine.start());
    const viewer = await viewerOf(machine);
    const raw = await viewerOf(machine, [0, -223]);
    await viewer.update(false);
    await raw.update(false);
    await shown(machine, /login:/);
    viewer.type('root\n');
    await shown(machine, /# *$/m);
    viewer.type('echo "A|b~$((6*7))"\n');
    expect(await shown(machine, /^A\|b~42$/m)).toContain('echo "A|b~$((6*7))"');
    await keepScreenshot(machine, 'tiny-linux');
    await Promise.all([viewer.update(false), raw.update(false)]);
    expect(viewer.name).toBe('guest');
    expect(viewer.pixels.equals(raw.pixels)).toBe(true);
    expect(new Set(viewer.pixels).size).toBeGreaterThan(1);
    viewer.place(0x1e, true); // the key A
    viewer.place(0x1e, false);
    const before = viewer.pixelsReceived;
    await viewer.update();
    expect(viewer.pixelsReceived - before).toBeLessThan(30 * 16 * 64);
  });
});

describe('the screen of Disk Tour', () => {
  it('shows its prompt', async () => {
    const { machine } = machineFor('disk-tour');
    unwrap(await machine.start());
    const text = await shown(machine, /tour>/);
    expect(text).toContain('checksum');
    await keepScreenshot(machine, 'disk-tour');
  });

  it('ends its viewers when the machine stops', async () => {
    const { machine } = machineFor('disk-tour');
    unwrap(await machine.start());
    const { port1, port2 } = new MessageChannel();
    port1.on('message', () => undefined); // a port tells of its end only to who takes its messages
    const closed = new Promise((resolve) => port1.on('close', () => resolve('closed')));
    unwrap(machine.screen.attach(port2));
    unwrap(await machine.stop());
    expect(await closed).toBe('closed');
    expect(await machine.screen.text()).toMatchObject({ failure: { code: 'invalid-argument' } });
  });
});
