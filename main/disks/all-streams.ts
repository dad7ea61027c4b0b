import type { DiskView, StreamCommand } from '../../shared/ipc/machines.ts';

/** What can be said to all streams at once. */
export type ManyStreamsCommand = Extract<StreamCommand, 'pause' | 'resume' | 'resume-anyway'>;

/** Whether a command to all disks is meant for this one. */
export function concerns({ state, heldBy }: DiskView, command: ManyStreamsCommand): boolean {
  switch (command) {
    case 'pause':
      return state === 'streaming' || state === 'waiting-for-source' || heldBy !== null;
    case 'resume':
      return state === 'paused' && heldBy === null;
    case 'resume-anyway':
      return heldBy === 'metered';
  }
}
