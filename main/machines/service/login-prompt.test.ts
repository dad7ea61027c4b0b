import { describe, expect, it, vi } from 'vitest';
import { FakeMachine } from '../../../test/support/fake-machine.ts';
import { whenLoginIsAsked } from './login-prompt.ts';

describe('the login prompt of a guest', () => {
  it('is noticed once, however it is cut into pieces', () => {
    const machine = new FakeMachine();
    const seen = vi.fn();
    whenLoginIsAsked(machine, 'tiny login: ', seen);
    for (const text of ['Welcome\r\n', 'other login: ', 'tiny lo', 'gi', 'n: ']) machine.say(text);
    machine.say('tiny login: ');
    expect(seen).toHaveBeenCalledTimes(1);
  });

  it('looks as most do where nobody said what it looks like', () => {
    const machine = new FakeMachine();
    const seen = vi.fn();
    whenLoginIsAsked(machine, undefined, seen);
    machine.say('debian login: ');
    expect(seen).toHaveBeenCalledTimes(1);
  });

  it('is not waited for when the machine is off', () => {
    const machine = new FakeMachine();
    const seen = vi.fn();
    whenLoginIsAsked(machine, undefined, seen);
    machine.enter({ kind: 'stopped', why: 'killed' });
    machine.say('login: ');
    expect(seen).not.toHaveBeenCalled();
  });
});
