import { describe, expect, it } from 'vitest';
import { unwrap } from '../../../shared/result.ts';
import { MIB } from '../../../shared/units.ts';
import { specOf, qed, raw } from '../../../test/support/disk-workbench.ts';
import { newQed, pattern } from '../../../test/support/qed-disk.ts';
import { SimulatedClock } from '../../../test/support/simulated-clock.ts';
import { SimulatedDevice } from '../../../test/support/simulated-device.ts';
import { UNLIMITED } from '../../streaming/limits/bucket-chain.ts';
import { GuestSide } from './guest-side.ts';

/** Reads a sector that the disk lacks. @returns where the job is to go next */
async function wishAfterMiss(remote: boolean) {
  const clock = new SimulatedClock();
  const source = new SimulatedDevice(pattern(8 * MIB, 1), { clock, remote });
  const { device } = await newQed({ imageBytes: 8 * MIB, backing: { name: 'master', raw: true } }, source);
  const guest = new GuestSide(device, device, {
    spec: specOf(qed('overlay.qed', raw('master'))),
    clock,
    limit: UNLIMITED,
    parts: undefined,
    sinceDemandMs: () => 0,
    leftToJob: () => false,
    sourceAnswered: () => {},
    tell: () => {},
  });
  unwrap(await clock.run(guest.device.read(4 * MIB, new Uint8Array(512))));
  expect(guest.counters.missedReads).toBe(1);
  return guest.order.next();
}

describe('a guest that reads what its disk lacks', () => {
  it('leads the job to that place of a source that is far away', async () => {
    expect(await wishAfterMiss(true)).toEqual({ offset: 4 * MIB + 512, length: 2 * MIB });
  });

  it('does not have it run to and fro on a source of the same machine', async () => {
    expect(await wishAfterMiss(false)).toBeNull();
  });
});
