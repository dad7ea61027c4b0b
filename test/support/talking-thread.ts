/** A thread for the specification of calls to threads. */
import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import { DONE, err, ok } from '../../shared/result.ts';
import { answerCalls } from '../../main/threads/answer-calls.ts';

export interface TalkingCalls {
  greet: { argument: string; answer: string };
  refuse: { argument: null; answer: void };
  /** Is answered once {@link TalkingCalls.release} is called, with how it went on meanwhile. */
  hold: { argument: null; answer: 'released' | 'cancelled' };
  release: { argument: null; answer: void };
  /** Says so through a port that was handed over. */
  sayThrough: { argument: { port: MessagePort; text: string }; answer: void };
  tell: { argument: string; answer: void };
  work: { argument: readonly number[]; answer: void };
  break: { argument: null; answer: void };
}

let release = () => {};

if (parentPort !== null) {
  answerCalls<TalkingCalls, string>(parentPort, (tell) => ({
    greet: (name) => ok(`${String(workerData)}, ${name}`),
    refuse: () => err('unsupported', 'Not this'),
    hold: (_, { signal }) =>
      new Promise((resolve) => {
        release = () => resolve(ok('released'));
        signal.addEventListener('abort', () => resolve(ok('cancelled')));
      }),
    release() {
      release();
      return DONE;
    },
    sayThrough({ port, text }) {
      port.postMessage(text);
      port.close();
      return DONE;
    },
    tell(event) {
      tell(event);
      return DONE;
    },
    async work(fractions, { progress }) {
      for (const fraction of fractions) progress(fraction);
      return DONE;
    },
    break() {
      throw new Error('a bug');
    },
  }));
}
