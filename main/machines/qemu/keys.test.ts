import { describe, expect, it } from 'vitest';
import { qemuKeys } from './keys.ts';

const keysOf = (...codes: number[]) =>
  qemuKeys(codes).map(({ data }) => [data.key.data, data.down ? 'down' : 'up']);

describe("scan codes as QEMU's keys", () => {
  it('are numbers that go down and up', () => {
    expect(keysOf(0x1e, 0x9e)).toEqual([
      [0x1e, 'down'],
      [0x1e, 'up'],
    ]);
  });

  it('have the highest bit where they are extended', () => {
    expect(keysOf(0xe0, 0x48, 0xe0, 0xc8)).toEqual([
      [0xc8, 'down'],
      [0xc8, 'up'],
    ]);
  });

  it('know the Pause key', () => {
    expect(keysOf(0xe1, 0x1d, 0x45, 0xe1, 0x9d, 0xc5, 0x01)).toEqual([
      [0xc6, 'down'],
      [0xc6, 'up'],
      [0x01, 'down'],
    ]);
  });

  it('leave out what is cut off', () => {
    expect(keysOf(0x1e, 0xe0)).toEqual([[0x1e, 'down']]);
  });
});
