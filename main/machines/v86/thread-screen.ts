import { DONE, type Result } from '../../../shared/result.ts';
import type { ScreenSource } from '../screen.ts';
import type { SessionAnswers, SessionRequest } from './messages.ts';
import type { SessionThread } from './session-thread.ts';

export interface ThreadScreenParts {
  /** The thread of a machine that is on, or why there is none. */
  readonly thread: () => Result<Pick<SessionThread, 'send'>>;
  /** @param what it does then, for the message when the state does not allow it */
  readonly ask: <Request extends SessionRequest>(
    request: Request,
    what: string,
  ) => Promise<Result<SessionAnswers[Request['kind']]>>;
}

/** The screen of a guest in v86: its thread draws it, and serves its viewers. */
export function threadScreen({ thread, ask }: ThreadScreenParts): ScreenSource {
  return {
    attach: (port) => {
      const there = thread();
      if (!there.ok) return there;
      there.value.send({ kind: 'viewer', port }, [port]);
      return DONE;
    },
    screenshot: () => ask({ kind: 'screenshot' }, 'show its screen'),
    text: () => ask({ kind: 'screen-text' }, 'show its screen'),
    type: (text) => ask({ kind: 'type', text }, 'take keys'),
  };
}
