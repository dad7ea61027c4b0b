import type { Machine } from '../machines/machine.ts';
import type { DiskThread } from '../storage/disk/disk-thread.ts';

/** What a monitor does with a disk. */
export type DiskControls = Pick<DiskThread, 'startStream' | 'controlJob' | 'setSpeed' | 'status' | 'layers'>;

export interface MonitoredDisk {
  /** What clients call the disk, and a job on it that was given no name. */
  readonly device: string;
  readonly controls: DiskControls;
}

/** What a monitor does with a machine. */
export type MonitoredMachine = Pick<
  Machine,
  'state' | 'wait' | 'on' | 'pause' | 'resume' | 'reset' | 'powerButton'
>;

/** What a monitor is about. */
export interface MonitorTarget {
  /** Answers `query-name`. */
  readonly name: string;
  readonly disks: () => readonly MonitoredDisk[];
  /** Null for a monitor about disks only, such as that of `qemu-storage-daemon`. */
  readonly machine: MonitoredMachine | null;
  /** Ends the program, or the machine, after the answer was sent. */
  readonly quit: () => void;
}
