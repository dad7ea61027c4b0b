import { describe, expect, it } from 'vitest';
import { HISTORY_MS, RateHistory } from './rate-history.ts';

describe('the history of a rate', () => {
  it('keeps one sample a second', () => {
    const history = new RateHistory();
    for (let atMs = 0; atMs <= 2000; atMs += 250) history.add(atMs, atMs);
    expect(history.samples.map(({ atMs }) => atMs)).toEqual([0, 1000, 2000]);
  });

  it('forgets what is older than five minutes', () => {
    const history = new RateHistory();
    history.add(0, 1);
    history.add(HISTORY_MS + 5000, 2);
    expect(history.samples).toEqual([{ atMs: HISTORY_MS + 5000, rate: 2 }]);
  });
});
