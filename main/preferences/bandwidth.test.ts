import { describe, expect, it, onTestFinished } from 'vitest';
import { preferencesSchema, type Preferences } from '../../shared/preferences.ts';
import { SimulatedClock } from '../../test/support/simulated-clock.ts';
import { Bandwidth, type BandwidthRules } from './bandwidth.ts';
import { localTimeReader } from './local-time.ts';

/** A Monday in Berlin. */
const MONDAY = Date.UTC(2026, 10, 23);

function follow(preferences: Partial<Preferences>, startMs: number) {
  const clock = new SimulatedClock(startMs);
  const bandwidth = new Bandwidth(preferencesSchema.parse(preferences), {
    clock,
    nowMs: () => clock.now(),
    localTime: localTimeReader('UTC'),
  });
  onTestFinished(() => bandwidth.stop());
  const told: (BandwidthRules & { atMs: number })[] = [];
  bandwidth.onChange((rules) => told.push({ ...rules, atMs: clock.now() }));
  return { clock, bandwidth, told };
}

describe('bandwidth', () => {
  it('is what the preferences say while no schedule applies', () => {
    const { bandwidth } = follow({ globalLimit: 100, diskLimit: 50, metered: true }, MONDAY);
    expect(bandwidth.rules).toEqual({ globalLimit: 100, diskLimit: 50, metered: true });
  });

  it('changes with the schedule, on the minute', async () => {
    const schedule = [{ days: [1], from: 60, to: 61, limit: 7 }];
    const { clock, told } = follow({ globalLimit: 100, schedule }, MONDAY + 59 * 60_000 + 12_345);
    await clock.advance(5 * 60_000);
    expect(told.map(({ globalLimit, atMs }) => [globalLimit, (atMs - MONDAY) / 60_000])).toEqual([
      [7, 60],
      [100, 61],
    ]);
  });

  it('has no limit in a stretch whose limit is 0', () => {
    const schedule = [{ days: [1], from: 0, to: 600, limit: 0 }];
    expect(follow({ globalLimit: 100, schedule }, MONDAY).bandwidth.rules.globalLimit).toBe(0);
  });

  it('follows changed preferences at once, and tells only of real changes', () => {
    const { bandwidth, told } = follow({ globalLimit: 100 }, MONDAY);
    bandwidth.setPreferences(preferencesSchema.parse({ globalLimit: 100, theme: 'dark' }));
    expect(told).toEqual([]);
    bandwidth.setPreferences(preferencesSchema.parse({ globalLimit: 200 }));
    expect(told).toMatchObject([{ globalLimit: 200 }]);
  });
});
