import { describe, expect, it } from 'vitest';
import { unwrap } from '../../../../shared/result.ts';
import { FakeTerminal } from '../../../../test/support/fake-terminal.ts';
import { SimulatedClock } from '../../../../test/support/simulated-clock.ts';
import { FakeMachine } from '../../../../test/support/fake-machine.ts';
import { StatusLine } from '../../display/status-line.ts';
import { EXIT } from '../../terminal.ts';
import { readCommandLine } from '../../arguments/command.ts';
import { DEMO } from './arguments.ts';
import { GuestEcho } from './guest-echo.ts';
import { demoCommand } from './index.ts';

describe('the arguments of headwater demo', () => {
  it('have defaults for all', () => {
    expect(unwrap(readCommandLine(DEMO, []))).toEqual({
      appliance: 'tiny-linux',
      link: { bitsPerSecond: 20e6, roundTripMs: 30 },
      folder: null,
    });
    expect(unwrap(readCommandLine(DEMO, ['--link', 'off', '--keep', '/x', 'other']))).toEqual({
      appliance: 'other',
      link: null,
      folder: '/x',
    });
  });

  it.each([
    [['a', 'b'], 'give at most one appliance'],
    [['--link', '20mbit,x'], "link '20mbit,x': 'x' does not fit"],
    [['no-such'], "There is no appliance 'no-such'"],
  ])('are refused: %j', async (args, message) => {
    const terminal = new FakeTerminal();
    expect(await demoCommand.run(args, terminal)).toBe(args.includes('no-such') ? EXIT.failed : EXIT.misused);
    expect(terminal.stderr).toMatch(/^headwater demo: .*\n$/);
    expect(terminal.stderr).toContain(message);
  });
});

describe('what a guest prints, shown above a status line', () => {
  it('comes line by line, without moving the cursor, also in the middle of a character', () => {
    const terminal = new FakeTerminal();
    const machine = new FakeMachine();
    const echo = new GuestEcho(machine, new StatusLine(terminal, new SimulatedClock()));
    machine.say('\x1b[2J\x1b[1;1HLoading');
    expect(terminal.stdout).toBe('');
    machine.say(' it\r\n\r\n\x1b[6n  \r\nlogin: ');
    echo.dispose();
    machine.say('unheard\r\n');
    expect(terminal.stdout).toBe('  | Loading it\n  | login: \n');
  });
});
