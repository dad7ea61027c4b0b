import { describe, expect, it } from 'vitest';
import { ok, unwrap } from '../../shared/result.ts';
import { SimulatedClock } from '../../test/support/simulated-clock.ts';
import { SerialConsole } from './expect.ts';
import { FakeMachine } from '../../test/support/fake-machine.ts';

function guest() {
  const clock = new SimulatedClock();
  const machine = new FakeMachine();
  return { clock, machine, console: new SerialConsole(machine, clock, { withinMs: 20_000 }, 'hw') };
}

describe('driving a guest over its serial console', () => {
  it('finds text that was said before, or comes in pieces', async () => {
    const { machine, console } = guest();
    machine.say('Welcome\r\ntiny log');
    expect(unwrap(await console.waitFor('Welcome'))).toBe('Welcome');
    const waiting = console.waitFor(/login: $/);
    machine.say('in: ');
    expect(unwrap(await waiting)).toBe('\r\ntiny login: ');
  });

  it('does not find the same text twice', async () => {
    const { clock, machine, console } = guest();
    machine.say('# ');
    unwrap(await console.waitFor('# '));
    expect(await clock.run(console.waitFor('# '))).toMatchObject({ failure: { code: 'cancelled' } });
  });

  it('says what the guest said last when patience runs out', async () => {
    const { clock, machine, console } = guest();
    machine.say('Kernel panic');
    const result = await clock.run(console.waitFor('login:', { withinMs: 5000 }));
    expect(result).toMatchObject({
      failure: {
        code: 'cancelled',
        message: 'fake: login: did not appear within 5 s; the last output was "Kernel panic"',
      },
    });
  });

  it('gives up after so many guest instructions', async () => {
    const { machine, console } = guest();
    machine.execute(1000);
    const waiting = console.waitFor('login:', { withinMs: 1e9, withinInstructions: 500 });
    machine.execute(1400);
    machine.execute(1501);
    expect(await waiting).toMatchObject({ failure: { code: 'cancelled' } });
  });

  it('gives up when the machine ends', async () => {
    const { machine, console } = guest();
    const waiting = console.waitFor('login:');
    machine.enter({ kind: 'stopped', why: 'killed' });
    expect(await waiting).toMatchObject({ failure: { code: 'closed' } });
  });

  it('logs in', async () => {
    const { clock, machine, console } = guest();
    const login = clock.run(console.login('root', 'secret'));
    machine.say('tiny login: ');
    await clock.advance(1);
    machine.say('Password: ');
    await clock.advance(1);
    machine.say('\r\n~ # \x1b[6');
    machine.say('n');
    expect(await login).toEqual(ok(undefined));
    expect(machine.typed).toBe('root\rsecret\r');
  });

  it('captures the output and exit status of a command, and not its echo', async () => {
    const { clock, machine, console } = guest();
    const run = clock.run(console.run('cat hw1-begin'));
    machine.say(machine.typed.replace('\r', '\r\n'));
    machine.say('hw1-begin\r\nfirst\r\n\x1b[6nsec');
    await clock.advance(1);
    machine.say('ond\r\nhw1-end-3\r\n~ # ');
    expect(await run).toEqual(ok({ output: 'first\nsecond\n', status: 3 }));
  });
});
