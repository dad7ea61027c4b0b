import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { attachSerialTerminal, type Departure, type TerminalInput } from './serial-terminal.ts';
import { FakeMachine } from '../../test/support/fake-machine.ts';

class FakeInput extends EventEmitter implements TerminalInput {
  readonly isTTY: boolean;
  raw = false;
  constructor(isTTY: boolean) {
    super();
    this.isTTY = isTTY;
  }
  setRawMode(raw: boolean) {
    this.raw = raw;
  }
  resume() {
    return this;
  }
  pause() {
    return this;
  }
  type(text: string) {
    this.emit('data', Buffer.from(text, 'latin1'));
  }
}

function attached(isTTY = true) {
  const machine = new FakeMachine();
  const input = new FakeInput(isTTY);
  const lifetime = new EventEmitter();
  const screen = {
    text: '',
    write: (data: Uint8Array | string) => void (screen.text += Buffer.from(data).toString()),
  };
  const left = attachSerialTerminal({ machine, input, output: screen, lifetime });
  return { machine, input, lifetime, screen, left };
}

describe("the user's terminal on the serial console", () => {
  it('passes keys and output through, raw', () => {
    const { machine, input, screen } = attached();
    expect(input.raw).toBe(true);
    input.type('ls\r\x03');
    machine.say('file\r\n');
    expect(machine.typed).toBe('ls\r\x03');
    expect(screen.text).toContain('file\r\n');
  });

  it('is left with Ctrl-] q', async () => {
    const { machine, input, left } = attached();
    input.type('a\x1d');
    input.type('q');
    expect(await left).toEqual({ why: 'quit' });
    expect(machine.typed).toBe('a');
    expect(input.listenerCount('data')).toBe(0);
  });

  it('presses the power button, helps, and sends the escape key itself', () => {
    const { machine, input, screen } = attached();
    input.type('x\x1dpy\x1d\x1dz\x1dh');
    expect(machine.typed).toBe('xy\x1dz');
    expect(machine.commands).toEqual(['powerButton']);
    expect(screen.text).toContain('Ctrl-] q  leave');
  });

  it.each<[string, (parts: ReturnType<typeof attached>) => void, Departure]>([
    ['leaves', ({ input }) => input.type('\x1dq'), { why: 'quit' }],
    [
      'sees the machine end',
      ({ machine }) => machine.enter({ kind: 'stopped', why: 'guest-halted' }),
      { why: 'machine-ended' },
    ],
    ['is told to end', ({ lifetime }) => lifetime.emit('SIGTERM'), { why: 'signal', signal: 'SIGTERM' }],
  ])('is restored when the user %s', async (_, end, departure) => {
    const parts = attached();
    end(parts);
    expect(await parts.left).toEqual(departure);
    expect(parts.input.raw).toBe(false);
    expect(parts.lifetime.eventNames()).toEqual([]);
  });

  it('is restored when the process exits under it', () => {
    const { input, lifetime } = attached();
    lifetime.emit('exit');
    expect(input.raw).toBe(false);
  });

  it('has no escape where the input is no terminal', () => {
    const { machine, input } = attached(false);
    input.type('echo \x1dq\n');
    expect(machine.typed).toBe('echo \x1dq\n');
    expect(input.raw).toBe(false);
  });

  it('is not entered when the machine is off', async () => {
    const machine = new FakeMachine();
    machine.state = { kind: 'stopped', why: 'requested' };
    const input = new FakeInput(true);
    const output = { write: () => undefined };
    expect(await attachSerialTerminal({ machine, input, output, lifetime: new EventEmitter() })).toEqual({
      why: 'machine-ended',
    });
  });
});
