import type { MessagePort, Transferable } from 'node:worker_threads';
import type { Result } from '../../shared/result.ts';
import type { Answer, Argument, Calls, FromThread, ToThread } from './calls.ts';

export interface CallContext {
  /** Aborted when whoever asked does not need the answer any more. */
  readonly signal: AbortSignal;
  /** Tells how far the work is, from 0 to 1. */
  readonly progress: (fraction: number) => void;
}

/** One function for each call. What it throws is a bug, and ends the thread. */
export type CallHandlers<Table extends Calls<Table>> = {
  readonly [Name in keyof Table]: (
    argument: Argument<Table, Name>,
    context: CallContext,
  ) => Result<Answer<Table, Name>> | Promise<Result<Answer<Table, Name>>>;
};

/** Tells something that nobody asked for. */
export type Tell<Event> = (event: Event, transfer?: readonly Transferable[]) => void;

/**
 * The thread's end of a {@link CallingThread}: answers each call when its function is done, in any order.
 *
 * @param handlers is given the means to tell events, and makes the functions
 */
export function answerCalls<Table extends Calls<Table>, Event = never>(
  port: MessagePort,
  handlers: (tell: Tell<Event>) => CallHandlers<Table>,
): void {
  const post = (message: FromThread, transfer: readonly Transferable[] = []) =>
    port.postMessage(message, [...transfer]);
  const answering = handlers((event, transfer) => post({ kind: 'event', event }, transfer));
  const running = new Map<number, AbortController>();
  const answer = async ({ id, name, argument }: Extract<ToThread, { kind: 'call' }>) => {
    const abort = new AbortController();
    running.set(id, abort);
    const context = {
      signal: abort.signal,
      progress: (fraction: number) => post({ kind: 'progress', id, fraction }),
    };
    // Who sent it is the other half of this program: the name is one of the table, with its argument.
    const result = await answering[name as keyof Table](argument, context);
    running.delete(id);
    post({ kind: 'answer', id, result });
  };
  port.on('message', (message: ToThread) => {
    if (message.kind === 'cancel') running.get(message.id)?.abort();
    else void answer(message);
  });
}
