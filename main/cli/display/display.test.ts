import { describe, expect, it } from 'vitest';
import { err } from '../../../shared/result.ts';
import { GIB, KIB, MIB, TIB } from '../../../shared/units.ts';
import { FakeTerminal } from '../../../test/support/fake-terminal.ts';
import { SimulatedClock } from '../../../test/support/simulated-clock.ts';
import type { DiskStatus } from '../../storage/disk/open-disk.ts';
import { counted, formatBytes, formatDuration, formatRate } from './quantities.ts';
import { StatusLine } from './status-line.ts';
import { describeProgress } from './stream-progress.ts';
import { visible } from './visible.ts';

describe('text from somebody else', () => {
  it('does nothing to a terminal', () => {
    expect(visible('disk.raw')).toBe('disk.raw');
    expect(visible('a\u001b[31m\u0007b\nc')).toBe('a\\x1b[31m\\x07b\\x0ac');
  });
});

describe('quantities for people', () => {
  it('count nouns', () => {
    expect([0, 1, 2].map((count) => counted(count, 'disk'))).toEqual(['0 disks', '1 disk', '2 disks']);
  });

  it.each([
    [0, '0 bytes'],
    [17, '17 bytes'],
    [1023, '1023 bytes'],
    [KIB, '1.0 KiB'],
    [320 * KIB, '320 KiB'],
    [1.5 * MIB, '1.5 MiB'],
    [256 * MIB, '256 MiB'],
    [2.25 * GIB, '2.3 GiB'],
    [64 * TIB, '64.0 TiB'],
  ])('tell %d bytes as %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });

  it('never show more than the next unit begins with', () => {
    expect([MIB - 1, GIB - 1, TIB - 1].map(formatBytes)).toEqual(['1.0 MiB', '1.0 GiB', '1.0 TiB']);
  });

  it('tell rates', () => {
    expect([0, 2.4 * MIB, 99.6].map(formatRate)).toEqual(['0 bytes/s', '2.4 MiB/s', '100 bytes/s']);
  });

  it.each([
    [-5, '0 s'],
    [0, '0 s'],
    [8_400, '8 s'],
    [59_600, '1 min 0 s'],
    [200_000, '3 min 20 s'],
    [3_599_700, '1 h 0 min'],
    [7_500_000, '2 h 5 min'],
  ])('tell %d ms as %s', (durationMs, text) => {
    expect(formatDuration(durationMs)).toBe(text);
  });
});

describe('a status line', () => {
  it('is redrawn in place on a terminal, and ended once', () => {
    const terminal = new FakeTerminal({ interactive: true });
    const line = new StatusLine(terminal, new SimulatedClock());
    line.show('one');
    line.show('one');
    line.show('two');
    line.finish();
    line.finish();
    expect(terminal.stdout).toBe('\r\x1b[Kone\r\x1b[Ktwo\n');
  });

  it('stays below what is printed meanwhile', () => {
    const terminal = new FakeTerminal({ interactive: true });
    const line = new StatusLine(terminal, new SimulatedClock());
    line.print('first\n');
    line.show('status');
    line.print('second');
    expect(terminal.stdout).toBe('first\n\r\x1b[Kstatus\r\x1b[Ksecond\nstatus');
  });

  it('is cut to the width of the terminal', () => {
    const terminal = new FakeTerminal({ interactive: true, columns: 12 });
    new StatusLine(terminal, new SimulatedClock()).show('0123456789abcdef');
    expect(terminal.stdout).toBe('\r\x1b[K0123456789a');
  });

  it('is printed now and then elsewhere, and its last state in any case', async () => {
    const terminal = new FakeTerminal();
    const clock = new SimulatedClock();
    const line = new StatusLine(terminal, clock);
    for (let second = 0; second <= 12; second++) {
      line.show(`second ${second}`);
      await clock.advance(1000);
    }
    line.finish();
    expect(terminal.stdout).toBe('second 0\nsecond 5\nsecond 10\nsecond 12\n');
  });
});

describe('the progress of streaming', () => {
  const status = (job: object | null, standalone = false) => ({ job, standalone }) as unknown as DiskStatus;
  const running = {
    status: 'running',
    paused: false,
    ioStatus: 'ok',
    offset: 64 * MIB,
    len: 256 * MIB,
    rate: 2 * MIB,
    etaMs: 96_000,
    waitingForSource: null,
  };

  it('tells local and total, rate, and time left', () => {
    expect(describeProgress(status(running), null)).toBe(
      '[======                  ] 25 %  64.0 MiB of 256 MiB local  2.0 MiB/s  1 min 36 s left',
    );
  });

  it('begins with what was local before, which the job comes by one by one', () => {
    const early = status({ ...running, offset: 0 });
    expect(describeProgress(early, null, 128 * MIB)).toContain('] 50 %  128 MiB of 256 MiB local');
    expect(describeProgress(status(running), null, 16 * MIB)).toContain('] 25 %  64.0 MiB of 256 MiB local');
  });

  it('tells why nothing moves', () => {
    const { failure } = err('source-unreachable', 'gone');
    const told = (change: object) => describeProgress(status({ ...running, etaMs: null, ...change }), null);
    expect(told({ status: 'paused' })).toMatch(/local {2}paused$/);
    expect(told({ status: 'paused', ioStatus: 'nospace' })).toMatch(/local {2}stopped by an error$/);
    expect(told({ waitingForSource: { failure } })).toMatch(/local {2}waiting for the source$/);
    const waiting = (reads: number) => describeProgress(status(running), { reads, failure });
    expect(waiting(1)).toMatch(/ {2}1 guest read waiting for data$/);
    expect(waiting(2)).toMatch(/ {2}2 guest reads waiting for data$/);
  });

  it('tells that it is complete, or was never begun', () => {
    expect(describeProgress(status(null, true), null)).toBe(
      '[========================] 100 %  complete: needs no backing file any more',
    );
    expect(describeProgress(status(null), null)).toBe('not streaming');
  });

  it('is not 100 % before it is, and has no fear of empty disks', () => {
    expect(describeProgress(status({ ...running, offset: 256 * MIB - 512 }), null)).toContain('] 99 %');
    expect(describeProgress(status({ ...running, offset: 0, len: 0 }), null)).toContain('] 100 %');
  });
});
