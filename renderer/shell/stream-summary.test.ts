import { describe, expect, it } from 'vitest';
import { MIB } from '../../shared/units.ts';
import { aDisk } from '../testing/samples.ts';
import { streamSummary } from './stream-summary.ts';

describe('the summary of all streams', () => {
  it('adds up what is under way and leaves out what is complete', () => {
    const summary = streamSummary([
      aDisk({ rate: 1_000_000, localBytes: 64 * MIB }),
      aDisk({ state: 'paused', rate: 0, localBytes: 192 * MIB }),
      aDisk({ state: 'complete', localBytes: 256 * MIB }),
      aDisk({ state: 'waiting-for-source', localBytes: null }),
    ]);
    expect(summary).toMatchObject({ rate: 1_000_000, share: 0.5, missingBytes: 256 * MIB });
    expect([summary.streaming, summary.paused, summary.waiting].map(({ length }) => length)).toEqual([
      1, 1, 1,
    ]);
  });

  it('tells of boot sets that are on their way', () => {
    const pack = (hereBytes: number) => aDisk({ bootPack: { hereBytes, totalBytes: 10, waiting: false } });
    expect(streamSummary([pack(3), pack(5), aDisk()]).bootSets).toEqual({ count: 2, share: 0.4 });
  });

  it('has no share when there is nothing to stream', () => expect(streamSummary([]).share).toBeNull());
});
