import { describe, expect, it } from 'vitest';
import { MIB } from '../../../shared/units.ts';
import { SimulatedClock } from '../../../test/support/simulated-clock.ts';
import type { Range } from '../../block/range.ts';
import type { GuestAccess } from './guest-access.ts';
import { BootWatch, type BootEnd } from './boot-watch.ts';

const access = (kind: 'read' | 'write', offset: number, length = 4096): GuestAccess => ({
  kind,
  offset,
  length,
  missed: kind === 'read',
});

function watched(sourceBytes = 100 * MIB) {
  const clock = new SimulatedClock();
  const line = { sinceDemandMs: Infinity };
  const told: { ranges: readonly Range[]; end: BootEnd }[] = [];
  const watch = new BootWatch({
    clock,
    sourceBytes,
    sinceDemandMs: () => line.sinceDemandMs,
    done: (ranges, end) => told.push({ ranges, end }),
  });
  return { clock, line, told, watch };
}

describe('the watch over a boot', () => {
  it('ends when the guest has left its disk alone for a while', async () => {
    const { clock, told, watch } = watched();
    for (const offset of [8192, 0, 8192, 40_960]) {
      watch.note(access('read', offset));
      await clock.advance(9000);
    }
    expect(told).toEqual([]);
    await clock.advance(60_000);
    const ranges = [8192, 0, 40_960].map((offset) => ({ offset, length: 4096 }));
    expect(told).toEqual([{ ranges, end: 'quiet' }]);
  });

  it('is as patient as the guest is slow', async () => {
    const { clock, told, watch } = watched();
    watch.note(access('read', 0));
    for (let step = 1; step < 10; step++) {
      await clock.advance(10_000);
      watch.note(access('read', step * 65_536));
    }
    await clock.advance(80_000);
    expect(told).toEqual([]);
    watch.note(access('read', 50 * MIB));
    await clock.advance(170_000);
    expect(told).toMatchObject([{ end: 'quiet', ranges: { length: 11 } }]);
  });

  it('does not take waiting for a slow source for quiet', async () => {
    const { clock, line, told, watch } = watched();
    watch.note(access('read', 0));
    line.sinceDemandMs = 0;
    await clock.advance(120_000);
    expect(told).toEqual([]);
    line.sinceDemandMs = Infinity;
    await clock.advance(15_000);
    expect(told).toHaveLength(1);
  });

  it('ends at once when the login prompt is there, and tells it once', async () => {
    const { clock, told, watch } = watched();
    watch.note(access('read', 0));
    watch.finish();
    watch.note(access('read', 65_536));
    watch.finish();
    await clock.advance(60_000);
    expect(told).toEqual([{ ranges: [{ offset: 0, length: 4096 }], end: 'login' }]);
  });

  it('has nothing to tell of a guest that reads nothing, or of a machine that was switched off', async () => {
    const { clock, told, watch } = watched();
    watch.finish();
    watch.note(access('read', 0));
    watch.stop();
    await clock.advance(60_000);
    expect(told).toEqual([]);
  });

  it('leaves out what the guest wrote itself, and what lies beyond the source', async () => {
    const { clock, told, watch } = watched(6000);
    watch.note(access('write', 0, 1024));
    watch.note(access('read', 0));
    watch.note(access('read', 4096));
    watch.note(access('read', 8192));
    await clock.advance(15_000);
    expect(told[0]?.ranges).toEqual([{ offset: 1024, length: 4976 }]);
  });

  it('ends when more was read than a boot reads', () => {
    const { told, watch } = watched(4096 * MIB);
    for (let offset = 0; told.length === 0 && offset < 4096 * MIB; offset += 16 * MIB) {
      watch.note(access('read', offset, 16 * MIB));
    }
    expect(told[0]?.ranges).toEqual([{ offset: 0, length: 512 * MIB }]);
  });
});
