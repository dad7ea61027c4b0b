import { expect, it, describe } from 'vitest';
import { GuestClock } from './guest-clock.ts';

describe("the guest's clock", () => {
  it('goes with the host, but not while the machine is paused', () => {
    let host = 1000;
    const clock = new GuestClock(() => host);
    const readings = [clock.now()];
    const pass = (ms: number) => {
      host += ms;
      readings.push(clock.now());
    };
    pass(500);
    clock.go();
    pass(100);
    clock.stop();
    clock.stop();
    pass(3_600_000);
    clock.go();
    clock.go();
    pass(100);
    expect(readings).toEqual([1000, 1000, 1100, 1100, 1200]);
  });

  it('goes on with the time it was saved at, whatever the host’s clock says', () => {
    let host = 50;
    const clock = new GuestClock(() => host, 70_000.5);
    host += 1000;
    expect(clock.now()).toBe(70_000.5);
    clock.go();
    host += 10;
    expect(clock.now()).toBe(70_010.5);
  });
});
