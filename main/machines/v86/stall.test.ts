import { describe, expect, it } from 'vitest';
import type { Failure } from '../../../shared/result.ts';
import { SimulatedClock } from '../../../test/support/simulated-clock.ts';
import { StallWatch, type WatchedRequest } from './stall.ts';

const READ: WatchedRequest = { operation: 'read', offset: 4096, length: 512, retries: 'by-itself' };
const WRITE: WatchedRequest = { operation: 'write', offset: 0, length: 512, retries: 'on-resume' };
const LOST: Failure = { code: 'source-unreachable', message: 'The server does not answer' };
const FULL: Failure = { code: 'no-space', message: 'The disk is full' };

function watched() {
  const clock = new SimulatedClock();
  const log: string[] = [];
  const start = clock.now();
  const note = (what: string) => log.push(`${clock.now() - start} ${what}`);
  const watch = new StallWatch(
    clock,
    { noticeMs: 1000, pauseMs: 3000 },
    {
      onWait: (wait) => note(wait ? `${wait.operation} ${wait.failure?.code ?? 'slow'}` : 'over'),
      onPause: () => note('pause'),
      onResume: () => note('resume'),
    },
  );
  return { clock, log, watch };
}

describe('the watch over slow disks', () => {
  it('says nothing about requests that are answered in time', async () => {
    const { clock, log, watch } = watched();
    for (let count = 0; count < 20; count++) {
      const request = watch.begin(READ);
      await clock.advance(900);
      request.end();
    }
    expect(log).toEqual([]);
  });

  it('tells of a slow request, then pauses the guest, then lets it go on', async () => {
    const { clock, log, watch } = watched();
    const request = watch.begin(READ);
    await clock.advance(45_000);
    request.end();
    expect(log).toEqual(['1000 read slow', '3000 pause', '45000 over', '45000 resume']);
  });

  it('measures from the request, not from the last one', async () => {
    const { clock, log, watch } = watched();
    const first = watch.begin(READ);
    await clock.advance(800);
    first.end();
    const second = watch.begin(READ);
    await clock.advance(3500);
    second.end();
    expect(log).toEqual(['1800 read slow', '3800 pause', '4300 over', '4300 resume']);
  });

  it('pauses at once when a request fails, and until it is over', async () => {
    const { clock, log, watch } = watched();
    const request = watch.begin(READ);
    await clock.advance(10);
    request.failed(LOST);
    await clock.advance(500);
    request.failed({ ...LOST });
    await clock.advance(500);
    request.end();
    expect(log).toEqual(['10 read source-unreachable', '10 pause', '1010 over', '1010 resume']);
  });

  it('tells first of what needs the user', () => {
    const { log, watch } = watched();
    const read = watch.begin(READ);
    const write = watch.begin(WRITE);
    read.failed(LOST);
    write.failed(FULL);
    write.end();
    read.end();
    expect(log.map((line) => line.slice(2))).toEqual([
      'read source-unreachable',
      'pause',
      'write no-space',
      'read source-unreachable',
      'over',
      'resume',
    ]);
  });
});
