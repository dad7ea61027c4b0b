import { describe, expect, it } from 'vitest';
import { hexDump } from './hex-dump.ts';

function dump(bytes: Uint8Array, offset: number): string {
  let text = '';
  hexDump(bytes, offset, (part) => (text += part));
  return text;
}

describe('a dump of bytes', () => {
  it('shows sixteen bytes to the line, with letters and digits as they are', () => {
    expect(dump(Buffer.from('abc XYZ 019 ~!?_\n\0'), 0x1234)).toBe(
      '00001234:  61 62 63 20 58 59 5a 20 30 31 39 20 7e 21 3f 5f  abc.XYZ.019.....\n' +
        '00001244:  0a 00  ..\n',
    );
  });

  it('is empty for no bytes', () => {
    expect(dump(new Uint8Array(0), 0)).toBe('');
  });

  it('goes on past 4 GiB and past what is printed at once', () => {
    const lines = dump(new Uint8Array(100_000), 2 ** 33).split('\n');
    expect(lines).toHaveLength(6251);
    expect(lines[6249]).toMatch(/^200018690: {2}00 /);
  });
});
