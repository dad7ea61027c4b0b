import { failureText } from '../../shared/failure-text.ts';
import type { Notice } from '../../shared/ipc/notices.ts';
import type { Words } from './language.ts';

export interface NotificationParts {
  /** Whether somebody looks at a window of ours, where the notice is shown. */
  readonly hasFocus: () => boolean;
  readonly words: () => Words;
  /** Shows it on the desktop. */
  readonly show: (title: string, body: string) => void;
}

/** What is worth a word on the desktop while nobody looks: that a machine needs its source no more, or has ended. */
export function notifyAway({ hasFocus, words, show }: NotificationParts): (notice: Notice) => void {
  return ({ kind, facts, failure }) => {
    if (hasFocus()) return;
    const [name = ''] = facts;
    if (kind === 'disk-standalone') show(words().standalone(name), words().standaloneBecause);
    if (kind === 'machine-failed' && failure) {
      show(words().machineFailed(name), failureText(failure, words().language));
    }
  };
}
