import { describe, expect, it } from 'vitest';
import { SimulatedClock } from '../../test/support/simulated-clock.ts';
import { LEAST_PROGRESS_BYTES, LEAST_PROGRESS_WINDOW_MS, ProgressWatch } from './progress-watch.ts';

function newWatch() {
  const clock = new SimulatedClock(0);
  const complaints: string[] = [];
  const watch = new ProgressWatch(clock, 15_000, (why) => complaints.push(`${clock.now() / 1000} s: ${why}`));
  return { clock, watch, complaints };
}

describe('a watch over the progress of a server', () => {
  it('gives up a server that is silent', async () => {
    const { clock, watch, complaints } = newWatch();
    watch.start();
    await clock.advance(8_000);
    watch.received(100_000);
    await clock.advance(60_000);
    expect(complaints).toEqual(['23 s: the server sent nothing for 15 s']);
  });

  it('gives up a server that sends a byte now and then', async () => {
    const { clock, watch, complaints } = newWatch();
    watch.start();
    for (let sent = 0; sent < 100; sent++) {
      await clock.advance(10_000);
      watch.received(1);
    }
    expect(complaints).toEqual(['60 s: the server sent only 5 bytes in 60 s']);
  });

  it('lets a slow server be slow', async () => {
    const { clock, watch, complaints } = newWatch();
    watch.start();
    const steps = 8;
    for (let sent = 0; sent < 100 * steps; sent++) {
      await clock.advance(LEAST_PROGRESS_WINDOW_MS / steps - 1);
      watch.received(LEAST_PROGRESS_BYTES / steps);
    }
    expect(complaints).toEqual([]);
  });

  it('looks anew when something is complete', async () => {
    const { clock, watch, complaints } = newWatch();
    watch.start();
    for (let answer = 0; answer < 20; answer++) {
      await clock.advance(14_000);
      watch.received(16);
      watch.restart();
    }
    expect(complaints).toEqual([]);
  });

  it('gives more time for work of which nothing is heard, while there is such work', async () => {
    const clock = new SimulatedClock(0);
    const complaints: string[] = [];
    let allowanceMs = 100_000;
    const watch = new ProgressWatch(
      clock,
      15_000,
      (why) => complaints.push(`${clock.now() / 1000} s: ${why}`),
      () => allowanceMs,
    );
    watch.start();
    await clock.advance(99_000);
    expect(complaints).toEqual([]);
    watch.received(16);
    watch.restart();
    allowanceMs = 0;
    await clock.advance(100_000);
    expect(complaints).toEqual(['114 s: the server sent nothing for 15 s']);
  });

  it('is quiet when nothing is owed', async () => {
    const { clock, watch, complaints } = newWatch();
    watch.start();
    watch.stop();
    await clock.advance(1_000_000);
    expect(complaints).toEqual([]);
    expect(clock.nextDueMs).toBeUndefined();
  });
});
