import { describe, expect, it } from 'vitest';
import { PauseGate, type Engine } from './pause-gate.ts';

/** An emulator that takes its time to stop, and notices calls that overlap. */
function engine() {
  const log: string[] = [];
  let busy = false;
  const step = (what: string) => async () => {
    expect(busy).toBe(false);
    busy = true;
    await new Promise((resolve) => setTimeout(resolve, 2));
    busy = false;
    log.push(what);
  };
  const self: Engine = { run: step('run'), stop: step('stop') };
  return { self, log };
}

describe('the gate in front of the emulator', () => {
  it('runs the emulator when nobody holds it', async () => {
    const { self, log } = engine();
    await new PauseGate(() => undefined).attach(self);
    expect(log).toEqual(['run']);
  });

  it('lets it run only when the last hold is released', async () => {
    const { self, log } = engine();
    const gate = new PauseGate(() => undefined);
    await gate.attach(self);
    await Promise.all([gate.hold('user'), gate.hold('disk')]);
    await gate.release('disk');
    expect(log).toEqual(['run', 'stop']);
    await gate.release('user');
    expect(log).toEqual(['run', 'stop', 'run']);
  });

  it('never overlaps run and stop, and ends where the last call wanted it', async () => {
    const { self, log } = engine();
    const gate = new PauseGate(() => undefined);
    await gate.attach(self);
    const steps: Promise<void>[] = [];
    for (let round = 0; round < 5; round++) steps.push(gate.hold('disk'), gate.release('disk'));
    steps.push(gate.hold('user'));
    await Promise.all(steps);
    expect(log.at(-1)).toBe('stop');
  });

  it('keeps an emulator that is held from the beginning from running', async () => {
    const { self, log } = engine();
    const gate = new PauseGate(() => undefined);
    await gate.hold('user');
    await gate.attach(self);
    expect(log).toEqual([]);
  });

  it('tells about holds after the emulator follows them', async () => {
    const { self, log } = engine();
    const seen: string[] = [];
    const gate = new PauseGate((holds) => seen.push(`${[...holds].join('+')} ${log.at(-1) ?? ''}`));
    await gate.attach(self);
    await gate.hold('user');
    await gate.release('user');
    expect(seen).toEqual([' run', 'user stop', ' run']);
  });
});
