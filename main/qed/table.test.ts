import { describe, expect, it } from 'vitest';
import { Table } from './table.ts';

describe('a table in memory', () => {
  it('holds whole sectors of little-endian numbers', () => {
    const table = new Table(65);
    expect(table.entryCount).toBe(128);
    table.set(3, 0x1234_5678_9abc);
    expect(Buffer.from(table.bytes.subarray(24, 32)).toString('hex')).toBe('bc9a785634120000');
    expect(table.get(3)).toBe(0x1234_5678_9abc);
    expect(table.get(127)).toBe(0);
  });

  it('reads hostile entries as numbers beyond every file', () => {
    const table = new Table(1);
    table.bytes.fill(0xff, 0, 8);
    expect(table.get(0)).toBeGreaterThan(Number.MAX_SAFE_INTEGER);
  });

  it('gives out its changed sectors in runs, as copies', () => {
    const table = new Table(512);
    for (const index of [0, 64, 65, 300]) table.set(index, index + 1);
    const runs = table.takeDirtyRuns();
    table.set(0, 99);
    expect(runs.map((run) => [run.firstSector, run.bytes.length])).toEqual([
      [0, 1024],
      [4, 512],
    ]);
    expect(runs[0]?.bytes[0]).toBe(1);
  });

  it('counts as unsaved until what was given out is on the disk', () => {
    const table = new Table(64);
    expect(table.unsaved).toBe(false);
    table.set(0, 1);
    expect(table.unsaved).toBe(true);
    const runs = table.takeDirtyRuns();
    expect(table.unsaved).toBe(true);
    table.settle(runs, true);
    expect(table.unsaved).toBe(false);
  });

  it('takes back what could not be written', () => {
    const table = new Table(256);
    table.set(70, 7);
    const runs = table.takeDirtyRuns();
    table.set(0, 1);
    table.settle(runs, false);
    expect(table.takeDirtyRuns()).toMatchObject([{ firstSector: 0, bytes: table.bytes.subarray(0, 1024) }]);
  });

  it('grows with empty entries', () => {
    const table = new Table(64);
    table.set(63, 5);
    table.grow(65);
    expect([table.entryCount, table.get(63), table.get(64)]).toEqual([128, 5, 0]);
    table.set(127, 6);
    table.grow(10);
    expect([table.entryCount, table.get(127)]).toEqual([128, 6]);
  });
});
