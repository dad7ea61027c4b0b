import { describe, expect, it } from 'vitest';
import { SimulatedClock } from '../../../test/support/simulated-clock.ts';
import { err } from '../../../shared/result.ts';
import type { DiskWait } from '../machine.ts';
import { GuestHolds } from './guest-holds.ts';

const READ: DiskWait = {
  ...{ operation: 'read', offset: 0, length: 0, waitedMs: 0 },
  ...{ failure: err('io', 'the disk is broken').failure, retries: 'by-itself' },
};
const WRITE: DiskWait = { ...READ, operation: 'write', retries: 'on-resume' };

function guest(readAgain: (holds: GuestHolds) => Promise<unknown> = async () => undefined) {
  const clock = new SimulatedClock();
  const told = { tries: 0 };
  const holds: GuestHolds = new GuestHolds(clock, {
    onChange: () => undefined,
    onReadAgain: () => {
      told.tries++;
      return readAgain(holds);
    },
  });
  return { clock, told, holds };
}

describe('a guest that stands still for a read that failed', () => {
  it('tries it again every two seconds until it goes on', async () => {
    const { clock, told, holds } = guest();
    holds.failed(READ);
    expect(holds.state).toEqual({ kind: 'paused', by: 'disk', wait: READ });
    await clock.advance(5000);
    expect(told.tries).toBe(2);
    holds.goes();
    expect(holds.state).toEqual({ kind: 'running' });
    await clock.advance(60_000);
    expect(told.tries).toBe(2);
  });

  it('is not asked a second time by a QEMU that has not answered the first', async () => {
    const { clock, told, holds } = guest(() => new Promise(() => undefined));
    holds.failed(READ);
    await clock.advance(60_000);
    expect(told.tries).toBe(1);
  });

  it('stands where its user wants it to, from the wish on, and tries again after the next one', async () => {
    const { clock, told, holds } = guest();
    holds.failed(READ);
    holds.wish('stand');
    await clock.advance(60_000);
    expect(told.tries).toBe(0);
    holds.stands();
    expect(holds.state).toEqual({ kind: 'paused', by: 'user' });
    holds.wish('go');
    await clock.advance(2000);
    expect(told.tries).toBe(1);
  });
});

describe('a guest that stands still for a write that failed', () => {
  it('waits for its user', async () => {
    const { clock, told, holds } = guest();
    holds.failed(WRITE);
    expect(holds.unstored).toBe(WRITE);
    await clock.advance(60_000);
    expect(told.tries).toBe(0);
  });
});

describe('a guest that stands still to be ended', () => {
  it('is not paused by its user for that', () => {
    const { holds } = guest();
    holds.stands();
    expect(holds.state).toEqual({ kind: 'running' });
  });
});
