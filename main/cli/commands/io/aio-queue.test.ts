import { describe, expect, it } from 'vitest';
import { AioQueue } from './aio-queue.ts';

/** Requests that end when the test says so. */
function controlled() {
  const queue = new AioQueue();
  const reports: string[] = [];
  const begun: string[] = [];
  const start = (name: string) => {
    let end = () => {};
    queue.start(async () => {
      begun.push(name);
      await new Promise<void>((resolve) => (end = resolve));
      return () => reports.push(name);
    });
    return () => end();
  };
  return { queue, reports, begun, start };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('asynchronous requests', () => {
  it('all run at the same time', () => {
    const { begun, start } = controlled();
    start('a');
    start('b');
    start('c');
    expect(begun).toEqual(['a', 'b', 'c']);
  });

  it('are not reported before somebody waits', async () => {
    const { queue, reports, start } = controlled();
    start('a')();
    await turn();
    expect(reports).toEqual([]);
    queue.report();
    expect(reports).toEqual(['a']);
  });

  it('are reported in the order in which they end, by who waits for all', async () => {
    const { queue, reports, start } = controlled();
    const ends = ['a', 'b', 'c'].map(start);
    const finished = queue.finish();
    for (const index of [2, 0, 1]) {
      ends[index]?.();
      await turn();
    }
    await finished;
    expect(reports).toEqual(['c', 'a', 'b']);
  });

  it('are reported at once while the program waits for something else', async () => {
    const { queue, reports, start } = controlled();
    const end = start('a');
    let wake = () => {};
    const waiting = queue.reportDuring(new Promise<void>((resolve) => (wake = resolve)));
    end();
    await turn();
    expect(reports).toEqual(['a']);
    wake();
    await waiting;
    start('b')();
    await turn();
    expect(reports).toEqual(['a']);
  });

  it('leave nothing to wait for where there are none', async () => {
    await new AioQueue().finish();
  });
});
