/** Entry of the worker thread that runs one v86 machine. */
import { randomBytes } from 'node:crypto';
import { createRequire } from 'node:module';
import { parentPort, workerData } from 'node:worker_threads';
import { systemClock } from '../../../shared/clock.ts';
import { BlockPortClient } from '../../storage/block-port/client.ts';
import { createEmulator } from './emulator.ts';
import { emulatorName } from './emulator-name.ts';
import type { FromSession, ToSession, V86WorkerData } from './messages.ts';
import { EmulatorSession } from './emulator-session.ts';

const main = parentPort;
if (main === null) throw new Error('This module is the entry of a worker thread');
const { disk, firmware, memoryMiB, name, resume, stall } = workerData as V86WorkerData;

const post = (message: FromSession) => {
  main.postMessage(message, message.kind === 'serial' ? [message.bytes.buffer] : []);
};

const device = await BlockPortClient.connect(disk);
if (device.ok) {
  const session = new EmulatorSession({
    clock: systemClock,
    nowMs: Date.now,
    random: randomBytes,
    emulator: emulatorName(),
    name,
    limits: stall,
    device: device.value,
    createEmulator,
    post,
  });
  main.on('message', (message: ToSession) => session.receive(message));
  // The emulator's code lies beside its script in the package.
  const wasmPath = createRequire(import.meta.url).resolve('v86/build/v86.wasm');
  await session.start({ memoryMiB, ...firmware, wasmPath }, resume);
} else {
  post({ kind: 'started', result: device });
}
