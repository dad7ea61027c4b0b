import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../../shared/clock.ts';
import { reportTransfer } from './report.ts';
import { IoSession } from './io-session.ts';

function report(bytes: number, elapsedMs: number, style = { quiet: false, forMachines: false }): string {
  let text = '';
  const terminal = {
    stdin: Readable.from([]),
    out: (part: string) => void (text += part),
    err: () => {},
    interactive: false,
    columns: 80,
    interrupted: new AbortController().signal,
  };
  reportTransfer(new IoSession(terminal, systemClock), 'read', 4096, bytes, elapsedMs, style);
  return text;
}

describe('the report of a request', () => {
  it('tells bytes, time and rates', () => {
    expect(report(65536, 250)).toBe(
      'read 65536/65536 bytes at offset 4096\n64 KiB, 1 ops; 00.25 sec (256 KiB/sec and 4.0000 ops/sec)\n',
    );
  });

  it('tells hours and minutes from one second on', () => {
    expect(report(1024, 3_723_040)).toContain('1 ops; 1:02:03.04 (');
    expect(report(1024, 1000)).toContain('1 ops; 0:00:01.00 (');
  });

  it('is a line of values for machines', () => {
    expect(report(1024, 500, { quiet: false, forMachines: true })).toBe('1024,1,0:00:00.50,2048.000,2.000\n');
  });

  it('is silent where that was asked for, and finite where no time passed', () => {
    expect(report(1024, 0, { quiet: true, forMachines: false })).toBe('');
    expect(report(0, 0)).toContain('0 bytes, 1 ops; 00.00 sec (0 bytes/sec and 1000000.0000 ops/sec)');
  });
});
