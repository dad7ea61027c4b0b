import type { DiskView, StreamCommand, StreamState } from '../../shared/ipc/machines.ts';
import type { Tone } from '../ui/tone.ts';

/**
 * What the state of a disk is called: a linked disk that does not stream is just that, and of one that is held up it is
 * said by what.
 */
export type ShownState = StreamState | 'linked' | 'queued' | 'metered' | 'after-copy' | 'occupied';

const HELD: Readonly<Record<NonNullable<DiskView['heldBy']>, ShownState>> = {
  metered: 'metered',
  turn: 'queued',
  copy: 'after-copy',
  work: 'occupied',
};

export function shownState({ kind, state, heldBy }: Pick<DiskView, 'kind' | 'state' | 'heldBy'>): ShownState {
  if (heldBy !== null) return HELD[heldBy];
  return kind === 'linked' && state === 'not-started' ? 'linked' : state;
}

export const STREAM_TONES: Readonly<Record<ShownState, Tone>> = {
  'not-started': 'neutral',
  streaming: 'busy',
  paused: 'neutral',
  'waiting-for-source': 'warn',
  'source-changed': 'bad',
  failed: 'bad',
  complete: 'good',
  linked: 'neutral',
  queued: 'neutral',
  metered: 'warn',
  'after-copy': 'neutral',
  occupied: 'neutral',
};

/** Which commands make sense in which state, the likeliest first. */
const COMMANDS: Readonly<Record<ShownState, readonly StreamCommand[]>> = {
  'not-started': ['start', 'complete-now'],
  streaming: ['pause', 'complete-now', 'cancel'],
  paused: ['resume', 'complete-now', 'cancel'],
  queued: ['complete-now', 'pause', 'cancel'],
  metered: ['resume-anyway', 'pause', 'cancel'],
  'after-copy': ['complete-now', 'pause', 'cancel'],
  occupied: ['pause', 'cancel'],
  'waiting-for-source': ['retry-now', 'pause', 'cancel'],
  'source-changed': ['retry-now'],
  failed: ['retry-now'],
  complete: [],
  // Not meant to stream, unless it is to become a standalone one.
  linked: ['complete-now'],
};

/** One that hurries already cannot be told to hurry. */
export function streamCommands(disk: DiskView): readonly StreamCommand[] {
  const hurries = disk.state === 'streaming' && disk.priority === 'high' && disk.limit === 0;
  return COMMANDS[shownState(disk)].filter((command) => command !== 'complete-now' || !hurries);
}

/**
 * 0 to 1; null while nobody has counted. What a linked disk lies on is here, so it is as well, or else as far as the
 * local copy below it.
 */
export function localShare(disk: DiskView, copy?: DiskView): number | null {
  const { state, localBytes, lengthBytes } = disk;
  if (state === 'complete') return 1;
  if (shownState(disk) === 'linked') return copy === undefined ? 1 : localShare(copy);
  if (localBytes === null) return null;
  return lengthBytes === 0 ? 1 : Math.min(1, localBytes / lengthBytes);
}

export interface BootMilestone {
  /** Where on the way it lies, 0 to 1. */
  readonly at: number;
  readonly missingBytes: number;
}

/** How much of the boot pack is here, 0 to 1. */
export function packShare({ hereBytes, totalBytes }: NonNullable<DiskView['bootPack']>): number {
  return totalBytes === 0 ? 1 : Math.min(1, hereBytes / totalBytes);
}

/** All that a start reads comes first, so it is a stretch at the beginning of the way. */
export function bootMilestone({ boot, lengthBytes, state }: DiskView): BootMilestone | undefined {
  if (boot === null || boot.missingBytes === null || state === 'complete') return undefined;
  return { at: boot.bytes / lengthBytes, missingBytes: boot.missingBytes };
}
