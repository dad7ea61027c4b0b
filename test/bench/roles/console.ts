import fs from 'node:fs';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { MessageChannel } from 'node:worker_threads';
import { systemClock } from '../../../shared/clock.ts';
import { ok, unwrap, type Result } from '../../../shared/result.ts';
import { SerialConsole } from '../../../main/machines/expect.ts';
import { loadFirmware } from '../../../main/machines/v86/firmware.ts';
import { V86Machine } from '../../../main/machines/v86/v86-machine.ts';
import { serveBlockDevice } from '../../../main/storage/block-port/server.ts';
import { packageRoot, workerScript } from '../../../main/threads/worker-script.ts';
import { consoleGuestDisk } from '../../support/console-guest.ts';
import { RfbClient, TIGHT_VIEWER, portTransport } from '../../support/rfb-client.ts';
import { ScriptedDisk } from '../../support/scripted-disk.ts';
import type { Figures } from '../measure/interleave.ts';
import { percentile } from '../measure/statistics.ts';

export interface ConsoleArguments {
  /** Of each figure. */
  readonly durationMs: number;
}

const PATIENCE = { withinMs: 300_000 };
/** Before a figure is taken: compilers and caches. */
const WARM_UP_MS = 2000;
/** Shown and not shown, one after the other: the load of the computer hits both alike. */
const TURNS = 5;

/**
 * @returns what an idle Linux costs while nobody looks at it, in percent of a core, and what its text console costs on
 * top of that, both as medians of several turns; and how many pictures a second a viewer gets of a guest that draws all
 * of 1024x768 anew, up to 60 times a second: lines of few colours, and noise
 */
export async function measureConsole({ durationMs }: ConsoleArguments): Promise<Result<Figures>> {
  const idle = await measureIdle(durationMs);
  const drawing = await measureDrawing(durationMs);
  return ok({ ...idle, ...drawing });
}

async function measureIdle(durationMs: number): Promise<Figures> {
  const image = fs.readFileSync(path.join(packageRoot(), '.cache/appliances/tiny-linux/disk.raw'));
  const { machine, console } = await boot(image);
  unwrap(await console.waitFor('login: '));
  const idle: number[] = [];
  const added: number[] = [];
  for (let turn = 0; turn < TURNS; turn++) {
    await pause(WARM_UP_MS);
    const alone = await percentOfCore(durationMs / TURNS);
    const { viewer, leave } = await viewerOf(machine);
    void keepLooking(viewer, () => undefined);
    await pause(WARM_UP_MS);
    idle.push(alone);
    added.push((await percentOfCore(durationMs / TURNS)) - alone);
    leave();
  }
  await machine.kill();
  return { idle: medianOf(idle), shown: medianOf(added) };
}

async function measureDrawing(durationMs: number): Promise<Figures> {
  const { machine, console } = await boot(
    consoleGuestDisk(path.join(packageRoot(), 'test/support/console-guest/guest.S')),
  );
  unwrap(await console.waitFor('>'));
  machine.sendSerial('d');
  unwrap(await console.waitFor('>'));
  const { viewer } = await viewerOf(machine);
  let frames = 0;
  void keepLooking(viewer, () => frames++);
  const figures: Record<string, number> = {};
  for (const [name, letter] of [
    ['lines', 'g'],
    ['noise', 'n'],
  ] as const) {
    machine.sendSerial(letter);
    await pause(WARM_UP_MS);
    const before = { frames, ms: performance.now() };
    await pause(durationMs);
    figures[name] = ((frames - before.frames) * 1000) / (performance.now() - before.ms);
    machine.sendSerial('.');
    unwrap(await console.waitFor('>'));
  }
  await machine.kill();
  return figures;
}

async function boot(image: Uint8Array): Promise<{ machine: V86Machine; console: SerialConsole }> {
  const disk = new ScriptedDisk(image.length);
  disk.bytes.set(image);
  const machine = new V86Machine({
    name: 'guest',
    memoryMiB: 64,
    firmware: unwrap(loadFirmware(path.join(packageRoot(), '.cache/firmware'))),
    workerScript: workerScript('main/machines/v86/worker'),
    connectDisk: async () => {
      const { port1, port2 } = new MessageChannel();
      serveBlockDevice(disk, port1);
      return ok(port2);
    },
  });
  const console = new SerialConsole(machine, systemClock, PATIENCE);
  unwrap(await machine.start());
  return { machine, console };
}

/** As the console window asks, but its pictures are not decoded: that is the window's own time. */
async function viewerOf(machine: V86Machine): Promise<{ viewer: RfbClient; leave: () => void }> {
  const { port1, port2 } = new MessageChannel();
  const viewer = new RfbClient(portTransport(port1), { keepsPixels: false });
  unwrap(machine.screen.attach(port2));
  await viewer.connect(TIGHT_VIEWER);
  await viewer.update(false);
  return { viewer, leave: () => port1.close() };
}

async function keepLooking(viewer: RfbClient, onFrame: () => void): Promise<void> {
  for (;;) {
    await viewer.update();
    onFrame();
  }
}

/** Processor time of this process, all threads, while it waits. */
async function percentOfCore(durationMs: number): Promise<number> {
  const before = { cpu: process.cpuUsage(), ms: performance.now() };
  await pause(durationMs);
  const { user, system } = process.cpuUsage(before.cpu);
  return (user + system) / 10 / (performance.now() - before.ms);
}

function medianOf(values: readonly number[]): number {
  return percentile(Float64Array.from(values).sort(), 0.5);
}
