import { describe, expect, it } from 'vitest';
import { KIB, MIB } from '../../../shared/units.ts';
import { SequentialReads } from './sequential-reads.ts';

describe('the recognition of sequential reads', () => {
  it('says nothing of a first read, then 256 KiB ahead of the second', () => {
    const reads = new SequentialReads();
    expect(reads.note({ offset: 0, length: 4096 })).toBe(null);
    expect(reads.note({ offset: 4096, length: 4096 })).toEqual({ offset: 8192, length: 256 * KIB });
  });

  it('reaches further while the reads go on, up to 4 MiB, without gap or overlap', () => {
    const reads = new SequentialReads();
    let aheadTo = 0;
    let furthest = 0;
    for (let at = 0; at < 32 * MIB; at += 64 * KIB) {
      const ahead = reads.note({ offset: at, length: 64 * KIB });
      if (ahead === null) continue;
      if (aheadTo > 0) expect(ahead.offset).toBe(aheadTo);
      aheadTo = ahead.offset + ahead.length;
      furthest = Math.max(furthest, aheadTo - at - 64 * KIB);
    }
    expect(furthest).toBe(4 * MIB);
  });

  it('follows several streams at once', () => {
    const reads = new SequentialReads();
    const starts = [0, 100 * MIB, 200 * MIB];
    for (const start of starts) reads.note({ offset: start, length: 4096 });
    for (const start of starts) {
      expect(reads.note({ offset: start + 4096, length: 4096 })?.offset).toBe(start + 8192);
    }
  });

  it('is not misled by scattered reads', () => {
    const reads = new SequentialReads();
    for (let i = 0; i < 50; i++)
      expect(reads.note({ offset: ((i * 7919) % 101) * MIB, length: 4096 })).toBe(null);
  });
});
