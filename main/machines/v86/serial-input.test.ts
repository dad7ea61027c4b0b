import { describe, expect, it } from 'vitest';
import { SimulatedClock } from '../../../test/support/simulated-clock.ts';
import { SerialInput } from './serial-input.ts';

function portOf() {
  const clock = new SimulatedClock();
  const unread: number[] = [];
  const received: number[] = [];
  let most = 0;
  const input = new SerialInput(clock, {
    send: (bytes) => {
      unread.push(...bytes);
      most = Math.max(most, unread.length);
    },
    unread: () => unread.length,
  });
  /** The guest reads what is there. */
  const read = (count: number) => received.push(...unread.splice(0, count));
  return { clock, input, read, received, unread, most: () => most };
}

describe('bytes for the serial port', () => {
  it('all arrive, in order, though the guest reads slowly and the port holds few', async () => {
    const { clock, input, read, received, most } = portOf();
    const sent = Uint8Array.from({ length: 20_000 }, (_, index) => index % 251);
    for (let at = 0; at < sent.length; at += 3000) input.push(sent.subarray(at, at + 3000));
    for (let turn = 0; turn < 1000; turn++) {
      read(97);
      await clock.advance(5);
    }
    expect(Uint8Array.from(received)).toEqual(sent);
    expect(most()).toBeLessThanOrEqual(512);
  });

  it('are refused when a guest that reads nothing has a MiB to read', () => {
    const { input } = portOf();
    expect(input.push(new Uint8Array(1 << 20))).toBe(true);
    expect(input.push(new Uint8Array(1024))).toBe(false);
  });

  it('are forgotten at a reset', async () => {
    const { clock, input, read, received } = portOf();
    input.push(new Uint8Array(2000).fill(1));
    input.clear();
    input.push(Uint8Array.of(2));
    read(512);
    await clock.advance(10);
    read(512);
    expect(received.filter((byte) => byte === 1)).toHaveLength(512);
    expect(received.at(-1)).toBe(2);
  });
});
