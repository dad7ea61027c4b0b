import type { DiskView, StreamCommand, StreamState } from '../../shared/ipc/machines.ts';
import type { Tone } from '../ui/tone.ts';

/** What the state of a disk is called: a linked disk that does not stream is just that. */
export type ShownState = StreamState | 'linked';

export function shownState({ kind, state }: Pick<DiskView, 'kind' | 'state'>): ShownState {
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
};

/** Which commands make sense in which state, the likeliest first. */
const COMMANDS: Readonly<Record<StreamState, readonly StreamCommand[]>> = {
  'not-started': ['start'],
  streaming: ['pause', 'cancel'],
  paused: ['resume', 'cancel'],
  'waiting-for-source': ['retry-now', 'pause', 'cancel'],
  'source-changed': ['retry-now'],
  failed: ['retry-now'],
  complete: [],
};

export function streamCommands(disk: Pick<DiskView, 'kind' | 'state'>): readonly StreamCommand[] {
  // A linked disk is not meant to stream; "make standalone" starts it.
  return shownState(disk) === 'linked' ? [] : COMMANDS[disk.state];
}

/** 0 to 1; null while nobody has counted. */
export function localShare({ state, localBytes, lengthBytes }: DiskView): number | null {
  if (state === 'complete') return 1;
  if (localBytes === null) return null;
  return lengthBytes === 0 ? 1 : Math.min(1, localBytes / lengthBytes);
}

export interface BootMilestone {
  /** Where on the way it lies, 0 to 1. */
  readonly at: number;
  readonly missingBytes: number;
}

/** All that a start reads comes first, so the milestone is reached when as much is here. */
export function bootMilestone(disk: DiskView, bootBytes: number | null): BootMilestone | undefined {
  if (bootBytes === null || disk.localBytes === null || disk.state === 'complete') return undefined;
  if (disk.kind === 'linked') return undefined;
  return { at: bootBytes / disk.lengthBytes, missingBytes: Math.max(0, bootBytes - disk.localBytes) };
}
