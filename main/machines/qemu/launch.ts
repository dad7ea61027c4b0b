import { err, type Err, type Result } from '../../../shared/result.ts';
import type { QemuMachineOptions } from './options.ts';
import { QemuProcess, type QemuStart } from './qemu-process.ts';

/**
 * Finds QEMU and starts it with its guest.
 * @param signal aborted when it is not wanted any more: it fails then
 */
export async function launch(
  { configuration, disk, logFile, program }: QemuMachineOptions,
  signal: AbortSignal,
  around: Pick<QemuStart, 'clock' | 'onEvent' | 'onSerial'>,
): Promise<Result<QemuProcess>> {
  // Whether it works is tried for longer than somebody waits who does not want it any more.
  const found = await Promise.race([program(), aborted(signal)]);
  if (!found.ok) return found;
  return QemuProcess.start({ configuration, program: found.value, disk, logFile, signal, ...around });
}

function aborted(signal: AbortSignal): Promise<Err> {
  const failed = err('closed', 'It was stopped');
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(failed), { once: true }));
}
