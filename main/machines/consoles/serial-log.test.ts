import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SerialLog } from './serial-log.ts';

const text = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString();
const ignore = () => undefined;

describe('what a guest printed', () => {
  it('is read from its beginning by who comes later', () => {
    const log = new SerialLog();
    log.append(Buffer.from('hello '));
    const reader = log.reader(ignore);
    log.append(Buffer.from('world'));
    expect(text(reader.read(1000)?.bytes)).toBe('hello world');
    expect(reader.read(1000)).toBeNull();
    expect(text(log.reader(ignore).read(5)?.bytes)).toBe('hello');
  });

  it('is told of, until the reader leaves', () => {
    const log = new SerialLog();
    let told = 0;
    const reader = log.reader(() => told++);
    log.append(Buffer.from('a'));
    reader.close();
    log.append(Buffer.from('b'));
    expect(told).toBe(1);
  });

  it('says how much a slow reader missed, and goes on with the oldest there is', () => {
    const log = new SerialLog(8);
    const reader = log.reader(ignore);
    log.append(Buffer.from('0123456789ab'));
    const read = reader.read(100);
    expect([text(read?.bytes), read?.skippedBytes]).toEqual(['456789ab', 4]);
  });

  it('is its end, whatever is appended and read in whatever pieces', () => {
    const step = fc.record({ append: fc.uint8Array({ maxLength: 40 }), read: fc.nat({ max: 20 }) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), fc.integer({ min: 1, max: 32 }), (steps, capacity) => {
        const log = new SerialLog(capacity);
        const reader = log.reader(ignore);
        const all: number[] = [];
        let at = 0;
        for (const { append, read } of steps) {
          log.append(append);
          all.push(...append);
          const got = reader.read(read);
          if (got === null) continue;
          at += got.skippedBytes;
          expect([...got.bytes]).toEqual(all.slice(at, at + got.bytes.length));
          expect(at + got.bytes.length).toBeGreaterThan(all.length - capacity - read);
          at += got.bytes.length;
        }
        const latest = log.reader(ignore).read(1000)?.bytes ?? new Uint8Array();
        expect([...latest]).toEqual(all.slice(-capacity));
      }),
    );
  });
});
