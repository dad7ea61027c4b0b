import type { Clock } from '../../../shared/clock.ts';
import type { Result } from '../../../shared/result.ts';
import type { QemuConfiguration } from './command-line.ts';
import type { WatchedDisk } from './disk-watch.ts';
import type { QemuProgram } from './host.ts';
import type { ServingDisk } from './meeting-place.ts';

/** What a machine in QEMU needs of its disk. */
export type QemuDisk = ServingDisk & WatchedDisk;

export interface QemuMachineOptions {
  readonly configuration: QemuConfiguration;
  readonly disk: QemuDisk;
  /** Asked at each start. */
  readonly program: () => Promise<Result<QemuProgram>>;
  /** Where QEMU's messages go; begun anew at each start. */
  readonly logFile: string;
  readonly clock?: Clock;
}
