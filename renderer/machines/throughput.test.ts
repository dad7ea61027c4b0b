import { describe, expect, it } from 'vitest';
import { HISTORY_MS } from '../state/rate-history.ts';
import { chartLines, chartTop } from './throughput.ts';

describe('the throughput chart', () => {
  it('ends at a round number above the highest rate', () => {
    expect(chartTop(1_700_000, 1e6)).toBe(2e6);
    expect(chartTop(4_000_000, 1e6)).toBe(5e6);
    expect(chartTop(0, 1e6)).toBeGreaterThan(0);
  });

  it('has now at the right and five minutes ago at the left', () => {
    const samples = [
      { atMs: 0, rate: 10 },
      { atMs: 1000, rate: 0 },
    ];
    expect(chartLines(samples, HISTORY_MS, 10, 300, 100)[0]).toEqual([
      { x: 0, y: 0 },
      { x: 1, y: 100 },
    ]);
  });

  it('breaks where nothing was heard for a while', () => {
    const samples = [0, 1000, 60_000].map((atMs) => ({ atMs, rate: 1 }));
    expect(chartLines(samples, 60_000, 1, 1, 1).map(({ length }) => length)).toEqual([2, 1]);
  });
});
