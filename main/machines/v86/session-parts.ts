import type { Clock } from '../../../shared/clock.ts';
import type { Result } from '../../../shared/result.ts';
import type { DriveDevice } from './disk.ts';
import type { CreateEmulator, EmulatorConfig } from './emulator.ts';
import type { FromSession } from './messages.ts';
import type { StallLimits } from './stall.ts';

export type SessionConfig = Pick<EmulatorConfig, 'memoryMiB' | 'bios' | 'vgaBios' | 'wasmPath'>;

export interface SessionParts {
  readonly clock: Clock;
  /** Milliseconds since 1970. */
  readonly nowMs: () => number;
  readonly random: (bytes: number) => Uint8Array;
  /** Name and version of the emulator: whose states it can read. */
  readonly emulator: string;
  /** What viewers of the screen show as the title. */
  readonly name: string;
  readonly limits: StallLimits;
  readonly device: DriveDevice & { close(): Promise<Result<void>> };
  readonly createEmulator: CreateEmulator;
  readonly post: (message: FromSession) => void;
}
