import type { DiskView, MachineView } from '../../shared/ipc/machines.ts';
import type { Failure } from '../../shared/result.ts';
import type { Messages } from '../i18n/en.ts';
import { sentenceEnd } from '../i18n/sentence-end.ts';

/** What a guest waits for, in words. */
export interface WaitWords {
  /** A whole sentence: others follow. */
  readonly reason: string;
  /** When it began, in milliseconds since 1970. */
  readonly sinceMs: number;
  /** It does not go on by itself. */
  readonly needsUser: boolean;
}

/** Null while the guest does not wait. The reason is the disk's where it knows more than the machine. */
export function waitWords(
  { wait }: Pick<MachineView, 'wait'>,
  disks: readonly Pick<DiskView, 'failure'>[],
  words: Messages['console']['wait'],
  explain: (failure: Failure) => string,
): WaitWords | null {
  if (wait === null) return null;
  const failure = wait.failure ?? disks.find((disk) => disk.failure !== null)?.failure;
  return {
    reason: failure ? sentenceEnd(explain(failure)) : words.slow[wait.operation],
    sinceMs: wait.sinceMs,
    needsUser: wait.failure !== null && wait.retries === 'on-resume',
  };
}
