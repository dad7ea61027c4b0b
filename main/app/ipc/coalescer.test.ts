import { describe, expect, it } from 'vitest';
import { sleep } from '../../../shared/clock.ts';
import { SimulatedClock } from '../../../test/support/simulated-clock.ts';
import { Coalescer } from './coalescer.ts';

function coalescer(intervalMs: number) {
  const clock = new SimulatedClock(0);
  const told: string[] = [];
  const subject = new Coalescer<string>(clock, intervalMs, (value) => told.push(`${value}@${clock.now()}`));
  const pass = (ms: number) => clock.run(sleep(clock, ms));
  return { subject, told, pass };
}

describe('a coalescer', () => {
  it('lets the first value through at once', () => {
    const { subject, told } = coalescer(250);
    subject.offer('a', 'one');
    expect(told).toEqual(['one@0']);
  });

  it('then tells the latest value, once per interval, and always the last one', async () => {
    const { subject, told, pass } = coalescer(250);
    for (let at = 0; at < 1000; at += 10) {
      subject.offer('a', `v${at}`);
      await pass(10);
    }
    await pass(1000);
    expect(told).toEqual(['v0@0', 'v240@250', 'v490@500', 'v740@750', 'v990@1000']);
  });

  it('tells at once again after a silence', async () => {
    const { subject, told, pass } = coalescer(250);
    subject.offer('a', 'one');
    await pass(300);
    subject.offer('a', 'two');
    expect(told).toEqual(['one@0', 'two@300']);
  });

  it('keeps subjects apart', () => {
    const { subject, told } = coalescer(250);
    subject.offer('a', 'one');
    subject.offer('b', 'two');
    expect(told).toEqual(['one@0', 'two@0']);
  });

  it('forgets what it was told to drop', async () => {
    const { subject, told, pass } = coalescer(250);
    subject.offer('a', 'one');
    subject.offer('a', 'two');
    subject.drop('a');
    await pass(500);
    expect(told).toEqual(['one@0']);
  });
});
