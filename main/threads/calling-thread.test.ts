import { once } from 'node:events';
import { MessageChannel } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { DONE, err, ok } from '../../shared/result.ts';
import type { TalkingCalls } from '../../test/support/talking-thread.ts';
import { buildTestProgram, type TestProgram } from '../../test/support/test-program.ts';
import { CallingThread } from './calling-thread.ts';

let program: TestProgram;
beforeAll(() => (program = buildTestProgram('test/support/talking-thread.ts')));
afterAll(() => program.remove());

function start() {
  const heard: string[] = [];
  const thread = new CallingThread<TalkingCalls, string>({
    script: program.path,
    what: 'The thread that talks',
    workerData: 'Hello',
    listen: (event) => heard.push(event),
  });
  onTestFinished(() => thread.end());
  return { thread, heard };
}

describe('a call to a thread', () => {
  it('brings back what the thread answers, also a refusal', async () => {
    const { thread } = start();
    expect(await thread.call('greet', 'Ann')).toEqual(ok('Hello, Ann'));
    expect(await thread.call('refuse', null)).toEqual(err('unsupported', 'Not this'));
  });

  it('does not wait for those before it', async () => {
    const { thread } = start();
    const held = thread.call('hold', null);
    expect(await thread.call('greet', 'Ann')).toEqual(ok('Hello, Ann'));
    expect(await thread.call('release', null)).toEqual(DONE);
    expect(await held).toEqual(ok('released'));
  });

  it('hands over what is to be transferred', async () => {
    const { thread } = start();
    const { port1, port2 } = new MessageChannel();
    const said = once(port2, 'message');
    await thread.call('sayThrough', { port: port1, text: 'here' }, { transfer: [port1] });
    expect(await said).toEqual(['here']);
  });

  it('tells how far it is', async () => {
    const { thread } = start();
    const told: number[] = [];
    await thread.call('work', [0.25, 0.5, 1], { onProgress: (fraction) => told.push(fraction) });
    expect(told).toEqual([0.25, 0.5, 1]);
  });

  it('can be cancelled, before it is made and after', async () => {
    const { thread } = start();
    const abort = new AbortController();
    const held = thread.call('hold', null, { signal: abort.signal });
    abort.abort();
    expect(await held).toEqual(ok('cancelled'));
    expect(await thread.call('hold', null, { signal: abort.signal })).toEqual(ok('cancelled'));
  });

  it('is cancelled with all others, and waited for', async () => {
    const { thread } = start();
    const outcomes: unknown[] = [];
    void thread.call('hold', null).then((outcome) => outcomes.push(outcome));
    void thread.call('hold', null).then((outcome) => outcomes.push(outcome));
    await thread.cancelAll();
    expect(outcomes).toEqual([ok('cancelled'), ok('cancelled')]);
  });
});

describe('a thread', () => {
  it('tells what nobody asked for, in order with its answers', async () => {
    const { thread, heard } = start();
    await thread.call('tell', 'one');
    await thread.call('tell', 'two');
    expect(heard).toEqual(['one', 'two']);
  });

  it('that breaks answers every call with why it ended, and every later one', async () => {
    const { thread } = start();
    const held = thread.call('hold', null);
    const failed = err('closed', 'The thread that talks failed: a bug');
    expect(await thread.call('break', null)).toEqual(failed);
    expect(await held).toEqual(failed);
    expect(await thread.call('greet', 'Ann')).toEqual(failed);
    expect(thread.ended).toBe(true);
  });

  it('that is ended answers what it has not answered yet', async () => {
    const { thread } = start();
    const held = thread.call('hold', null);
    await thread.end();
    expect(await held).toEqual(err('closed', 'The thread that talks has ended'));
  });
});
