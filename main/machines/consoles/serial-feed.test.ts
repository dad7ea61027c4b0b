import { describe, expect, it } from 'vitest';
import { SerialFeed } from './serial-feed.ts';
import { SerialLog } from './serial-log.ts';

function feedOf(log: SerialLog) {
  const got = { bytes: 0, skipped: 0, last: -1 };
  const feed = new SerialFeed(
    log.reader(() => feed.pump()),
    {
      bytes: (bytes) => {
        got.bytes += bytes.length;
        got.last = bytes.at(-1) ?? -1;
      },
      skipped: (lengthBytes) => (got.skipped += lengthBytes),
    },
  );
  feed.pump();
  return { feed, got };
}

const MIB = 1 << 20;

describe('feeding a window with what a guest prints', () => {
  it('gives what is there at once, and what comes later when it comes', () => {
    const log = new SerialLog();
    log.append(new Uint8Array(100));
    const { got } = feedOf(log);
    expect(got.bytes).toBe(100);
    log.append(Uint8Array.of(7));
    expect([got.bytes, got.last]).toEqual([101, 7]);
  });

  it('waits for a window that does not keep up, and leaves out what was overwritten meanwhile', () => {
    const log = new SerialLog();
    const { feed, got } = feedOf(log);
    for (let sent = 0; sent < 64; sent++) log.append(new Uint8Array(MIB / 4));
    log.append(Uint8Array.of(9));
    const before = got.bytes;
    expect(before).toBeLessThanOrEqual(MIB / 2);
    for (let shown = before; got.last !== 9;) {
      feed.taken(shown);
      shown = MIB / 4;
    }
    expect(got.bytes + got.skipped).toBe(16 * MIB + 1);
    expect(got.bytes).toBeLessThanOrEqual(before + MIB);
  });
});
