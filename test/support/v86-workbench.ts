/** What tests need to run a real v86 machine: its worker, its firmware, and images to boot. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { MessageChannel } from 'node:worker_threads';
import { build } from 'esbuild';
import { systemClock } from '../../shared/clock.ts';
import { ok } from '../../shared/result.ts';
import { SerialConsole } from '../../main/machines/expect.ts';
import type { MachineState } from '../../main/machines/machine.ts';
import { reached } from '../../main/machines/reached.ts';
import type { V86MachineOptions } from '../../main/machines/v86/options.ts';
import { V86Machine } from '../../main/machines/v86/v86-machine.ts';
import { serveBlockDevice, type BlockService } from '../../main/storage/block-port/server.ts';
import { ScriptedDisk } from './scripted-disk.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const CACHE = path.join(ROOT, '.cache');

/** Bundles the worker as it is in the sources now. It lies inside the project, where it finds v86. */
export async function buildV86Worker(): Promise<string> {
  const outfile = path.join(CACHE, `test-workers/v86-${process.pid}.js`);
  await build({
    entryPoints: [path.join(ROOT, 'main/machines/v86/worker.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    external: ['v86'],
    logLevel: 'error',
  });
  return outfile;
}

function cached(...names: string[]): Buffer {
  const file = path.join(CACHE, ...names);
  if (!existsSync(file)) throw new Error(`${file} is missing; "node scripts/setup/index.mjs test" makes it`);
  return readFileSync(file);
}

/** The disk of an appliance that set-up has built. */
export function applianceDisk(id: string): Uint8Array {
  return cached('appliances', id, 'disk.raw');
}

/** What Disk Tour prints after it has read all of a disk: FNV-1a over 32-bit little-endian words. */
export function tourChecksum(disk: Uint8Array): string {
  const words = new DataView(disk.buffer, disk.byteOffset, disk.length);
  let sum = 0x811c9dc5;
  for (let at = 0; at < disk.length; at += 4) sum = Math.imul(sum ^ words.getInt32(at, true), 0x01000193);
  return (sum >>> 0).toString(16).padStart(8, '0');
}

export interface Workbench {
  readonly machine: V86Machine;
  readonly disk: ScriptedDisk;
  readonly console: SerialConsole;
  /** One for each start of the machine. */
  readonly services: BlockService[];
  /** Resolves when the machine enters a state that `wanted` accepts; at once when it is in one. */
  readonly reached: (wanted: (state: MachineState) => boolean) => Promise<MachineState>;
}

/** A machine with a disk of its own in memory, which the test can hold up and fail. */
export function setUpMachine(
  image: Uint8Array,
  options: Pick<V86MachineOptions, 'workerScript'> & Partial<V86MachineOptions>,
): Workbench {
  const disk = new ScriptedDisk(image.length);
  disk.bytes.set(image);
  const services: BlockService[] = [];
  const machine = new V86Machine({
    name: 'guest',
    memoryMiB: 64,
    firmware: {
      bios: cached('firmware', 'bios.bin'),
      vgaBios: cached('firmware', 'vgabios-stdvga.bin'),
    },
    connectDisk: async () => {
      const { port1, port2 } = new MessageChannel();
      services.push(serveBlockDevice(disk, port1));
      return ok(port2);
    },
    ...options,
  });
  const console = new SerialConsole(machine, systemClock, { withinMs: 120_000 });
  return {
    ...{ machine, disk, console, services },
    reached: (wanted: (state: MachineState) => boolean) => reached(machine, wanted),
  };
}
